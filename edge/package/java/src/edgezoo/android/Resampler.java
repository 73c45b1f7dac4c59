package edgezoo.android;

import java.util.Arrays;

/**
 * Resizing of 8-bit images in integers, to the bit what OpenCV and Pillow compute; only the wanted window is made.
 *
 * <p>The Python twin is edge/images/preprocess.py; a test of the project compares the two.
 */
final class Resampler {
    /** Rows of an image as Android's Bitmap gives them: one int a pixel, 0xAARRGGBB. */
    interface Rows {
        /** Fill {@code row} with the pixels of line {@code y}. */
        void read(int y, int[] row);
    }

    private static final int OPENCV_ONE = 2048; // INTER_RESIZE_COEF_SCALE
    private static final int PILLOW_BITS = 22; // PRECISION_BITS of Resample.c

    private final Rows rows;
    private final int width;
    private final int height;

    Resampler(Rows rows, int width, int height) {
        this.rows = rows;
        this.width = width;
        this.height = height;
    }

    /** A window of the image as if it had been resized to {@code toWidth} x {@code toHeight}; 3 values (R, G, B) a pixel. */
    int[] window(String interpolation, int toWidth, int toHeight, int left, int top, int columns, int lines) {
        switch (interpolation) {
            case "bilinear":
                return opencv(false, toWidth, toHeight, left, top, columns, lines);
            case "bicubic":
                return opencv(true, toWidth, toHeight, left, top, columns, lines);
            case "pillow-bilinear":
                return pillow(1, toWidth, toHeight, left, top, columns, lines);
            case "pillow-bicubic":
                return pillow(2, toWidth, toHeight, left, top, columns, lines);
            default:
                throw new IllegalArgumentException("interpolation '" + interpolation + "' is not known");
        }
    }

    /** OpenCV's INTER_LINEAR and INTER_CUBIC (imgproc/src/resize.cpp): 2 or 4 pixels along, then down, with 11-bit weights. */
    private int[] opencv(boolean cubic, int toWidth, int toHeight, int left, int top, int columns, int lines) {
        double scaleX = 1.0 / ((double) toWidth / width);
        double scaleY = 1.0 / ((double) toHeight / height);
        int taps = cubic ? 4 : 2;
        int before = cubic ? 1 : 0;
        int[] at = new int[taps * columns];
        int[] along = new int[taps * columns];
        for (int i = 0; i < columns; i++) {
            float position = (float) ((left + i + 0.5) * scaleX - 0.5);
            int x = (int) Math.floor(position);
            float fraction = !cubic && (x < 0 || x >= width - 1) ? 0 : position - x;
            weigh(cubic, fraction, along, taps * i);
            for (int k = 0; k < taps; k++) {
                at[taps * i + k] = clamp(x - before + k, width - 1);
            }
        }
        int[] out = new int[3 * columns * lines];
        int[] down = new int[taps];
        int[] source = new int[width];
        int[][] made = new int[taps][3 * columns]; // lines follow one another: line y lies in place y % taps
        int[] madeOf = new int[taps];
        Arrays.fill(madeOf, -1);
        for (int j = 0; j < lines; j++) {
            float position = (float) ((top + j + 0.5) * scaleY - 0.5);
            int y = (int) Math.floor(position);
            weigh(cubic, position - y, down, 0);
            int start = 3 * columns * j;
            for (int k = 0; k < taps; k++) {
                int line = clamp(y - before + k, height - 1);
                int[] values = made[line % taps];
                if (madeOf[line % taps] != line) {
                    rows.read(line, source);
                    weighedLine(source, at, along, taps, values);
                    madeOf[line % taps] = line;
                }
                for (int i = 0; i < 3 * columns; i++) {
                    out[start + i] += cubic ? down[k] * values[i] : (down[k] * (values[i] >> 4)) >> 16;
                }
            }
            for (int i = start; i < start + 3 * columns; i++) {
                out[i] = clamp(cubic ? (out[i] + (1 << 21)) >> 22 : (out[i] + 2) >> 2, 255);
            }
        }
        return out;
    }

    private static void weighedLine(int[] source, int[] at, int[] weights, int taps, int[] into) {
        for (int i = 0; i < into.length / 3; i++) {
            int red = 0;
            int green = 0;
            int blue = 0;
            for (int k = taps * i; k < taps * (i + 1); k++) {
                int pixel = source[at[k]];
                red += (pixel >> 16 & 255) * weights[k];
                green += (pixel >> 8 & 255) * weights[k];
                blue += (pixel & 255) * weights[k];
            }
            into[3 * i] = red;
            into[3 * i + 1] = green;
            into[3 * i + 2] = blue;
        }
    }

    private static void weigh(boolean cubic, float x, int[] into, int offset) {
        float rest = 1 - x;
        if (!cubic) {
            into[offset] = fixed(rest);
            into[offset + 1] = fixed(x);
            return;
        }
        float a = -0.75f; // Keys' convolution (interpolateCubic)
        float first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
        float second = ((a + 2) * x - (a + 3)) * x * x + 1;
        float third = ((a + 2) * rest - (a + 3)) * rest * rest + 1;
        into[offset] = fixed(first);
        into[offset + 1] = fixed(second);
        into[offset + 2] = fixed(third);
        into[offset + 3] = fixed(1 - first - second - third);
    }

    private static int fixed(float weight) {
        return (int) Math.rint(weight * OPENCV_ONE);
    }

    /** Pillow's antialiased BILINEAR (support 1) and BICUBIC (support 2): along the lines, to 8 bits, then down the columns. */
    private int[] pillow(int support, int toWidth, int toHeight, int left, int top, int columns, int lines) {
        Taps horizontal = new Taps(support, width, toWidth, left, columns);
        Taps vertical = new Taps(support, height, toHeight, top, lines);
        int begin = vertical.first[0];
        int end = vertical.first[lines - 1] + vertical.weights[lines - 1].length;
        byte[] between = new byte[3 * columns * (end - begin)];
        int[] source = new int[width];
        for (int y = begin; y < end; y++) {
            rows.read(y, source);
            for (int i = 0; i < columns; i++) {
                int[] weights = horizontal.weights[i];
                for (int channel = 0, shift = 16; channel < 3; channel++, shift -= 8) {
                    int sum = 1 << PILLOW_BITS - 1;
                    for (int k = 0; k < weights.length; k++) {
                        sum += (source[horizontal.first[i] + k] >> shift & 255) * weights[k];
                    }
                    between[3 * (columns * (y - begin) + i) + channel] = (byte) clamp(sum >> PILLOW_BITS, 255);
                }
            }
        }
        int[] out = new int[3 * columns * lines];
        for (int j = 0; j < lines; j++) {
            int[] weights = vertical.weights[j];
            int offset = 3 * columns * (vertical.first[j] - begin);
            for (int i = 0; i < 3 * columns; i++) {
                int sum = 1 << PILLOW_BITS - 1;
                for (int k = 0; k < weights.length; k++) {
                    sum += (between[offset + 3 * columns * k + i] & 255) * weights[k];
                }
                out[3 * columns * j + i] = clamp(sum >> PILLOW_BITS, 255);
            }
        }
        return out;
    }

    /** The pixels each output value is made of and their weights, as Pillow's precompute_coeffs makes them. */
    private static final class Taps {
        final int[] first;
        final int[][] weights;

        Taps(int support, int from, int to, int start, int count) {
            first = new int[count];
            weights = new int[count][];
            double scale = (double) from / to;
            double stretch = Math.max(scale, 1.0);
            double reach = support * stretch;
            for (int i = 0; i < count; i++) {
                double center = (start + i + 0.5) * scale;
                first[i] = Math.max((int) (center - reach + 0.5), 0);
                double[] exact = new double[Math.min((int) (center + reach + 0.5), from) - first[i]];
                double sum = 0;
                for (int k = 0; k < exact.length; k++) {
                    exact[k] = filter(support, Math.abs((k + first[i] - center + 0.5) * (1.0 / stretch)));
                    sum += exact[k];
                }
                weights[i] = new int[exact.length];
                for (int k = 0; k < exact.length; k++) {
                    double weight = sum == 0 ? exact[k] : exact[k] / sum;
                    weights[i][k] = (int) (weight * (1 << PILLOW_BITS) + (weight < 0 ? -0.5 : 0.5));
                }
            }
        }

        private static double filter(int support, double x) {
            if (support == 1) {
                return x < 1 ? 1 - x : 0;
            }
            double a = -0.5;
            if (x < 1) {
                return ((a + 2) * x - (a + 3)) * x * x + 1;
            }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
        }
    }

    private static int clamp(int value, int most) {
        return Math.max(0, Math.min(value, most));
    }
}
