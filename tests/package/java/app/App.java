package edgezoo;

import android.content.Context;
import android.graphics.Bitmap;
import edgezoo.android.EdgeModel;
import edgezoo.android.Score;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * An app that uses the helper as the how-to says; prints what it sees, one fact a line. Arguments: its APK, its files directory, the model,
 * and perhaps the APK of another app that carries it.
 */
final class App {
    public static void main(String[] arguments) throws Exception {
        Context context = new Context(new File(arguments[0]), new File(arguments[1]));
        Context carrier = arguments.length < 4 ? context : new Context(new File(arguments[3]), null);
        System.out.println("models " + EdgeModel.list(carrier));
        EdgeModel model;
        try {
            model = arguments.length < 4 ? EdgeModel.open(context, arguments[2]) : EdgeModel.open(context, carrier, arguments[2]);
        } catch (IOException missing) {
            System.out.println("open " + missing.getMessage());
            return;
        }
        System.out.println("input " + model.info().inputIndex + " " + model.info().inputName);
        System.out.println("shape " + Arrays.toString(model.info().inputShape()));
        System.out.println("labels " + model.labels());
        try {
            ByteBuffer mapped = model.map();
            byte[] bytes = new byte[mapped.remaining()];
            mapped.get(bytes);
            System.out.println("mapped " + sha256(bytes));
        } catch (IOException compressed) {
            System.out.println("mapped " + compressed.getClass().getSimpleName());
        }
        try {
            File file = model.file();
            System.out.println("file " + sha256(Files.readAllBytes(file.toPath())));
            file.setLastModified(1_000_000_000_000L);
            System.out.println("again " + model.file().lastModified());
        } catch (IOException wrong) {
            System.out.println("file " + wrong.getMessage());
        }
        int[] pixels = new int[40 * 30];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i * 2654435 | 0xFF000000;
        }
        if ("uint8".equals(model.info().inputType)) {
            byte[] whole = model.bytes(new Bitmap(pixels, 40, Bitmap.Config.ARGB_8888));
            System.out.println("bytes " + Arrays.hashCode(whole));
            try {
                model.tensor(new Bitmap(pixels, 40, Bitmap.Config.ARGB_8888));
            } catch (IllegalStateException other) {
                System.out.println("tensor " + other.getMessage());
            }
            return;
        }
        try {
            model.bytes(new Bitmap(pixels, 40, Bitmap.Config.ARGB_8888));
        } catch (IllegalStateException other) {
            System.out.println("bytes " + other.getMessage());
        }
        float[] tensor = model.tensor(new Bitmap(pixels, 40, Bitmap.Config.ARGB_8888));
        float[] hardware = model.tensor(new Bitmap(pixels, 40, Bitmap.Config.HARDWARE));
        System.out.println("tensor " + Arrays.hashCode(tensor) + " " + Arrays.equals(tensor, hardware));
        float[] scores = new float[model.info().classCount];
        scores[scores.length - 1] = 0.75f;
        for (Score score : model.top(scores, 2)) {
            System.out.println("score " + score.index + " " + score);
        }
    }

    private static String sha256(byte[] bytes) throws Exception {
        StringBuilder hex = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }
}
