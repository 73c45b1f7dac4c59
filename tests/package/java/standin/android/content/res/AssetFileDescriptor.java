package android.content.res;

import java.io.Closeable;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;

/** A part of an APK. */
public class AssetFileDescriptor implements Closeable {
    private final FileInputStream stream;
    private final long offset;
    private final long length;

    AssetFileDescriptor(File apk, long offset, long length) throws IOException {
        this.stream = new FileInputStream(apk);
        this.offset = offset;
        this.length = length;
    }

    public FileDescriptor getFileDescriptor() {
        try {
            return stream.getFD();
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    public long getStartOffset() {
        return offset;
    }

    public long getLength() {
        return length;
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
