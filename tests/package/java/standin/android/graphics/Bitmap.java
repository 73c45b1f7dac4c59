package android.graphics;

/** Pixels; those of a hardware bitmap cannot be read, as on Android. */
public final class Bitmap {
    public enum Config {
        ARGB_8888,
        HARDWARE
    }

    private final int[] pixels;
    private final int width;
    private final Config config;

    public Bitmap(int[] pixels, int width, Config config) {
        this.pixels = pixels;
        this.width = width;
        this.config = config;
    }

    public Config getConfig() {
        return config;
    }

    public Bitmap copy(Config wanted, boolean isMutable) {
        return new Bitmap(pixels, width, wanted);
    }

    public int getWidth() {
        return width;
    }

    public int getHeight() {
        return pixels.length / width;
    }

    public void getPixels(int[] into, int offset, int stride, int x, int y, int columns, int lines) {
        if (config == Config.HARDWARE) {
            throw new IllegalStateException("unable to getPixels(), pixel access is not supported on Config#HARDWARE bitmaps");
        }
        for (int line = 0; line < lines; line++) {
            System.arraycopy(pixels, (y + line) * width + x, into, offset + line * stride, columns);
        }
    }
}
