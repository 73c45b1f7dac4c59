package android.content;

import android.content.res.AssetManager;
import java.io.File;

/** An app: its APK and its private directory. */
public class Context {
    private final AssetManager assets;
    private final File noBackup;

    public Context(File apk, File noBackup) {
        this.assets = new AssetManager(apk);
        this.noBackup = noBackup;
    }

    public AssetManager getAssets() {
        return assets;
    }

    public File getNoBackupFilesDir() {
        return noBackup;
    }
}
