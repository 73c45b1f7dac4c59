package edgezoo.android;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How an image becomes the network's input: resize the short side, centre crop, scale, normalise; as the network was evaluated.
 *
 * <p>Immutable, without Android classes.
 */
public final class Preprocessing {
    /** Pixels of the short side after resizing; 0 where the whole image becomes {@link #resizeHeight} x {@link #resizeWidth}. */
    public final int resizeShort;

    public final int resizeHeight;
    public final int resizeWidth;

    public final int cropHeight;
    public final int cropWidth;

    /** Each value is (pixel * scale - mean) / std, channel by channel, in the channel order of {@link #channelOrder}. */
    public final float scale;

    private final float[] mean;
    private final float[] std;

    /** "RGB", "BGR", or "GREY": one channel. */
    public final String channelOrder;

    /** "NCHW" or "NHWC". */
    public final String layout;

    /** "bilinear" and "bicubic" are OpenCV's, "pillow-bilinear" and "pillow-bicubic" are Pillow's, which smooth when they reduce. */
    public final String interpolation;

    private static final int LARGEST_SIZE = 1 << 15;
    private static final int MOST_PIXELS = 1 << 24; // of the crop, of which some arrays with three values each are made

    Preprocessing(Map<String, Object> json) {
        resizeShort = json.get("resize_short") == null ? 0 : size(json.get("resize_short"));
        List<?> resize = (List<?>) json.get("resize");
        resizeHeight = resize == null ? 0 : size(resize.get(0));
        resizeWidth = resize == null ? 0 : size(resize.get(1));
        List<?> crop = (List<?>) json.get("crop");
        cropHeight = size(crop.get(0));
        cropWidth = size(crop.get(1));
        scale = ((Number) json.get("scale")).floatValue();
        mean = floats((List<?>) json.get("mean"));
        std = floats((List<?>) json.get("std"));
        channelOrder = (String) json.get("channel_order");
        layout = (String) json.get("layout");
        interpolation = (String) json.get("interpolation");
        check((long) cropHeight * cropWidth <= MOST_PIXELS, "crop");
        check(resizeShort > 0 || resizeHeight > 0, "resize_short");
        check(Arrays.asList("RGB", "BGR", "GREY").contains(channelOrder), "channel_order");
        int channels = channelOrder.equals("GREY") ? 1 : 3;
        check(!Float.isInfinite(scale) && mean.length == channels && std.length == channels, "mean and std");
        for (int i = 0; i < channels; i++) {
            check(!Float.isInfinite(mean[i]) && !Float.isInfinite(std[i]) && std[i] != 0, "mean and std");
        }
    }

    private static int size(Object value) {
        return (int) Json.whole(value, "a size of the preprocessing", 1, LARGEST_SIZE);
    }

    private static void check(boolean right, String field) {
        if (!right) {
            throw new IllegalArgumentException("the model's metadata is wrong: preprocessing." + field);
        }
    }

    public float[] mean() {
        return mean.clone();
    }

    public float[] std() {
        return std.clone();
    }

    /**
     * The input tensor of an image: channels, then lines, then columns (NCHW with N = 1), or channels last ({@link #layout}).
     *
     * @param argb {@code width * height} pixels, line by line, as Bitmap.getPixels gives them; alpha is ignored
     * @return {@code 3 * cropHeight * cropWidth} values, of grey images a third of that
     */
    public float[] tensor(int[] argb, int width, int height) {
        if (width < 1 || height < 1 || argb.length != (long) width * height) {
            throw new IllegalArgumentException(argb.length + " pixels are no image of " + width + " x " + height);
        }
        return tensor((y, row) -> System.arraycopy(argb, y * width, row, 0, width), width, height);
    }

    float[] tensor(Resampler.Rows rows, int width, int height) {
        double ratio = (double) resizeShort / Math.min(width, height);
        int toWidth = resizeWidth > 0 ? resizeWidth : (int) Math.rint(width * ratio);
        int toHeight = resizeHeight > 0 ? resizeHeight : (int) Math.rint(height * ratio);
        if (toWidth < cropWidth || toHeight < cropHeight) {
            throw new IllegalArgumentException("a crop of " + cropWidth + " x " + cropHeight
                    + " does not fit into the resized image of " + toWidth + " x " + toHeight);
        }
        boolean grey = channelOrder.equals("GREY");
        int[] pixels = new Resampler(grey ? (y, row) -> readGrey(rows, y, row) : rows, width, height)
                .window(interpolation, toWidth, toHeight, (toWidth - cropWidth) / 2, (toHeight - cropHeight) / 2,
                        cropWidth, cropHeight);
        int plane = cropWidth * cropHeight;
        int channels = grey ? 1 : 3;
        boolean last = "NHWC".equals(layout);
        float[] out = new float[channels * plane];
        for (int channel = 0; channel < channels; channel++) {
            float[] normalised = new float[256];
            for (int value = 0; value < 256; value++) {
                normalised[value] = (value * scale - mean[channel]) / std[channel];
            }
            int from = channelOrder.equals("BGR") ? 2 - channel : channel;
            for (int i = 0; i < plane; i++) {
                out[last ? channels * i + channel : channel * plane + i] = normalised[pixels[3 * i + from]];
            }
        }
        return out;
    }

    /** A line of the image with its brightness in every channel: OpenCV's COLOR_RGB2GRAY, BT.601's weights in 14 bits. */
    private static void readGrey(Resampler.Rows rows, int y, int[] row) {
        rows.read(y, row);
        for (int x = 0; x < row.length; x++) {
            int value = (4899 * (row[x] >> 16 & 255) + 9617 * (row[x] >> 8 & 255) + 1868 * (row[x] & 255) + 8192) >> 14;
            row[x] = value << 16 | value << 8 | value;
        }
    }

    private static float[] floats(List<?> values) {
        float[] out = new float[values.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = ((Number) values.get(i)).floatValue();
        }
        return out;
    }

    @Override
    public String toString() {
        String to = resizeShort > 0 ? "short side to " + resizeShort : "to " + resizeHeight + " x " + resizeWidth;
        return "resize " + to + " (" + interpolation + "), crop " + cropHeight + " x " + cropWidth + ", "
                + channelOrder + ", scale " + scale + ", mean " + Arrays.toString(mean) + ", std " + Arrays.toString(std)
                + ", " + layout;
    }
}
