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
    /** Pixels of the short side after resizing. */
    public final int resizeShort;

    public final int cropHeight;
    public final int cropWidth;

    /** Each value is (pixel * scale - mean) / std, channel by channel, in the channel order of {@link #channelOrder}. */
    public final float scale;

    private final float[] mean;
    private final float[] std;

    /** "RGB" or "BGR". */
    public final String channelOrder;

    /** "bilinear" and "bicubic" are OpenCV's, "pillow-bilinear" and "pillow-bicubic" are Pillow's, which smooth when they reduce. */
    public final String interpolation;

    Preprocessing(Map<String, Object> json) {
        resizeShort = ((Number) json.get("resize_short")).intValue();
        List<?> crop = (List<?>) json.get("crop");
        cropHeight = ((Number) crop.get(0)).intValue();
        cropWidth = ((Number) crop.get(1)).intValue();
        scale = ((Number) json.get("scale")).floatValue();
        mean = floats((List<?>) json.get("mean"));
        std = floats((List<?>) json.get("std"));
        channelOrder = (String) json.get("channel_order");
        interpolation = (String) json.get("interpolation");
    }

    public float[] mean() {
        return mean.clone();
    }

    public float[] std() {
        return std.clone();
    }

    /**
     * The input tensor of an image: channels, then lines, then columns (NCHW with N = 1).
     *
     * @param argb {@code width * height} pixels, line by line, as Bitmap.getPixels gives them; alpha is ignored
     * @return {@code 3 * cropHeight * cropWidth} values
     */
    public float[] tensor(int[] argb, int width, int height) {
        if (width < 1 || height < 1 || argb.length != (long) width * height) {
            throw new IllegalArgumentException(argb.length + " pixels are no image of " + width + " x " + height);
        }
        return tensor((y, row) -> System.arraycopy(argb, y * width, row, 0, width), width, height);
    }

    float[] tensor(Resampler.Rows rows, int width, int height) {
        double ratio = (double) resizeShort / Math.min(width, height);
        int toWidth = (int) Math.rint(width * ratio);
        int toHeight = (int) Math.rint(height * ratio);
        if (toWidth < cropWidth || toHeight < cropHeight) {
            throw new IllegalArgumentException("a crop of " + cropWidth + " x " + cropHeight
                    + " does not fit into the resized image of " + toWidth + " x " + toHeight);
        }
        int[] pixels = new Resampler(rows, width, height)
                .window(interpolation, toWidth, toHeight, (toWidth - cropWidth) / 2, (toHeight - cropHeight) / 2,
                        cropWidth, cropHeight);
        int plane = cropWidth * cropHeight;
        float[] out = new float[3 * plane];
        for (int channel = 0; channel < 3; channel++) {
            float[] normalised = new float[256];
            for (int value = 0; value < 256; value++) {
                normalised[value] = (value * scale - mean[channel]) / std[channel];
            }
            int from = channelOrder.equals("BGR") ? 2 - channel : channel;
            for (int i = 0; i < plane; i++) {
                out[channel * plane + i] = normalised[pixels[3 * i + from]];
            }
        }
        return out;
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
        return "resize short side to " + resizeShort + " (" + interpolation + "), crop " + cropHeight + " x " + cropWidth + ", "
                + channelOrder + ", scale " + scale + ", mean " + Arrays.toString(mean) + ", std " + Arrays.toString(std);
    }
}
