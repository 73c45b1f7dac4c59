package edgezoo.android;

import android.content.Context;
import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import android.graphics.Bitmap;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A model in the app's assets, {@code assets/models/NAME/}: its file, its constants, and the way from a Bitmap to labels.
 *
 * <p>Immutable; may be used from several threads.
 */
public final class EdgeModel {
    private static final String ROOT = "models";
    private static final long STALE_MS = 3_600_000;

    private final File home;
    private final AssetManager assets;
    private final String directory;
    private final ModelInfo info;
    private final List<String> labels;

    private EdgeModel(File home, AssetManager assets, String directory, ModelInfo info, List<String> labels) {
        this.home = home;
        this.assets = assets;
        this.directory = directory;
        this.info = info;
        this.labels = labels;
    }

    /** The names of the models that the app (or the app that {@code context} belongs to) carries, in alphabetical order. */
    public static List<String> list(Context context) throws IOException {
        AssetManager assets = context.getAssets();
        List<String> names = new ArrayList<>();
        for (String name : assets.list(ROOT)) {
            if (Arrays.asList(assets.list(ROOT + "/" + name)).contains("model.json")) {
                names.add(name);
            }
        }
        Collections.sort(names);
        return names;
    }

    /** @throws IOException if the app carries no model of that name */
    public static EdgeModel open(Context context, String name) throws IOException {
        return open(context, context, name);
    }

    /**
     * A model that another app carries.
     *
     * @param context of this app, where {@link #file()} puts the copy
     * @param carrier {@code context.createPackageContext(id, 0)}
     * @throws IOException if the other app carries no model of that name
     */
    public static EdgeModel open(Context context, Context carrier, String name) throws IOException {
        AssetManager assets = carrier.getAssets();
        String directory = ROOT + "/" + name;
        String json;
        try {
            json = text(assets, directory + "/model.json");
        } catch (FileNotFoundException missing) {
            throw new FileNotFoundException("no model '" + name + "' in the assets; there are " + list(carrier));
        }
        ModelInfo info = ModelInfo.parse(json);
        List<String> labels = Collections.emptyList();
        if (info.hasLabels) {
            labels = Arrays.asList(text(assets, directory + "/labels.txt").trim().split("\n"));
        }
        // Not the context itself: it may be an activity, which must not be kept.
        File home = new File(new File(context.getNoBackupFilesDir(), "edgezoo"), info.name);
        return new EdgeModel(home, assets, directory, info, Collections.unmodifiableList(labels));
    }

    public ModelInfo info() {
        return info;
    }

    /** One a class, in the order of the network's output; empty where the package carries none. */
    public List<String> labels() {
        return labels;
    }

    /**
     * The model as a file that Paddle-Lite can open. The first call copies it out of the APK, checks its SHA-256 and removes
     * the copy of an older version; later calls only look whether it is there. Takes as long as reading the file: keep it off the main thread.
     *
     * @throws IOException if there is no room, or if the asset is not the file that the metadata describes
     */
    public File file() throws IOException {
        synchronized (EdgeModel.class) {
            File file = new File(home, info.sha256 + ".nb");
            if (file.length() == info.bytes) {
                return file;
            }
            if (!home.isDirectory() && !home.mkdirs()) {
                throw new IOException("cannot make the directory " + home);
            }
            File part = File.createTempFile("model", ".part", home);
            try {
                copy(part);
                if (!part.renameTo(file)) {
                    throw new IOException("cannot rename " + part + " to " + file);
                }
            } finally {
                part.delete();
            }
            removeOthers(home, file);
            return file;
        }
    }

    /**
     * The model mapped into memory straight from the APK, without a copy; for native code that reads models from a buffer.
     *
     * @throws IOException if the model is stored compressed; put {@code noCompress += "nb"} into the app's build file then, or use {@link #file()}
     */
    public MappedByteBuffer map() throws IOException {
        try (AssetFileDescriptor asset = assets.openFd(directory + "/model.nb");
                FileInputStream stream = new FileInputStream(asset.getFileDescriptor());
                FileChannel channel = stream.getChannel()) {
            return channel.map(FileChannel.MapMode.READ_ONLY, asset.getStartOffset(), asset.getLength());
        }
    }

    /**
     * The input tensor of an image; see {@link Preprocessing#tensor}.
     *
     * @throws IllegalStateException if the network takes something else: whole numbers (see {@link #bytes}), or no image
     */
    public float[] tensor(Bitmap bitmap) {
        if (info.inputType != null && !info.inputType.equals("float32")) {
            throw new IllegalStateException("'" + info.name + "' takes " + info.inputType + " values"
                    + (info.inputType.equals("uint8") ? ": bytes() gives them" : ", which are not made here"));
        }
        return prepared(bitmap);
    }

    /**
     * The same for a network that takes whole numbers of 8 bits without a sign; each value rounded to the nearest.
     *
     * @return the values as Paddle-Lite's {@code setData(byte[])} takes them: 200 is the byte -56
     * @throws IllegalStateException if the network takes something else
     */
    public byte[] bytes(Bitmap bitmap) {
        if (!"uint8".equals(info.inputType)) {
            throw new IllegalStateException("'" + info.name + "' takes " + info.inputType + " values, not uint8");
        }
        float[] values = prepared(bitmap);
        byte[] out = new byte[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) Math.max(0, Math.min(255, (int) Math.rint(values[i])));
        }
        return out;
    }

    private float[] prepared(Bitmap bitmap) {
        if (info.preprocessing == null) {
            throw new IllegalStateException("how images are prepared for '" + info.name + "' is not known: its model.json says nothing");
        }
        // ImageDecoder gives hardware bitmaps by default; their pixels cannot be read. By name: the constant is API 26.
        Bitmap.Config config = bitmap.getConfig();
        Bitmap readable = config != null && config.name().equals("HARDWARE")
                ? bitmap.copy(Bitmap.Config.ARGB_8888, false) : bitmap;
        int width = readable.getWidth();
        return info.preprocessing.tensor(
                (y, row) -> readable.getPixels(row, 0, width, 0, y, width, 1), width, readable.getHeight());
    }

    /** The {@code k} best classes of the network's output; see {@link Score#top}. */
    public List<Score> top(float[] scores, int k) {
        return Score.top(scores, labels, k);
    }

    private void copy(File to) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = assets.open(directory + "/model.nb");
                FileOutputStream out = new FileOutputStream(to)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                out.write(buffer, 0, n);
            }
            out.getFD().sync();
        }
        StringBuilder hex = new StringBuilder();
        for (byte b : digest.digest()) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        if (!hex.toString().equals(info.sha256)) {
            throw new IOException("the asset " + directory + "/model.nb is not the file that its metadata describes");
        }
    }

    private static void removeOthers(File home, File keep) {
        File[] files = home.listFiles();
        if (files == null) {
            return;
        }
        long stale = System.currentTimeMillis() - STALE_MS; // a younger part may be another process's
        for (File file : files) {
            if (file.getName().endsWith(".part") ? file.lastModified() < stale : !file.equals(keep)) {
                file.delete();
            }
        }
    }

    private static String text(AssetManager assets, String path) throws IOException {
        try (InputStream in = assets.open(path)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[1 << 13];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
            }
            return new String(out.toByteArray(), StandardCharsets.UTF_8);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // every Android has it
        }
    }
}
