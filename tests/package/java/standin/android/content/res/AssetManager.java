package android.content.res;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Reads assets out of a real APK as Android does: only what is stored uncompressed can be opened as a descriptor. */
public final class AssetManager {
    private final File apk;

    public AssetManager(File apk) {
        this.apk = apk;
    }

    public InputStream open(String fileName) throws IOException {
        try (ZipFile zip = new ZipFile(apk)) {
            return new ByteArrayInputStream(zip.getInputStream(entry(zip, fileName)).readAllBytes());
        }
    }

    public AssetFileDescriptor openFd(String fileName) throws IOException {
        try (ZipFile zip = new ZipFile(apk)) {
            ZipEntry entry = entry(zip, fileName);
            if (entry.getMethod() != ZipEntry.STORED) {
                throw new FileNotFoundException("This file can not be opened as a file descriptor; it is probably compressed");
            }
            return new AssetFileDescriptor(apk, offset(entry.getName()), entry.getSize());
        }
    }

    public String[] list(String path) throws IOException {
        Set<String> names = new TreeSet<>();
        try (ZipFile zip = new ZipFile(apk)) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (entry.getName().startsWith("assets/" + path + "/")) {
                    names.add(entry.getName().substring(("assets/" + path + "/").length()).split("/")[0]);
                }
            }
        }
        return names.toArray(new String[0]);
    }

    private static ZipEntry entry(ZipFile zip, String name) throws IOException {
        ZipEntry entry = zip.getEntry("assets/" + name);
        if (entry == null) {
            throw new FileNotFoundException(name);
        }
        return entry;
    }

    /** Where the data of an entry begins: found by walking the local headers of an archive whose entries are all whole. */
    private long offset(String name) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(apk, "r")) {
            for (long at = 0;;) {
                byte[] head = new byte[30];
                file.seek(at);
                file.readFully(head);
                byte[] found = new byte[number(head, 26, 2)];
                file.readFully(found);
                long data = at + 30 + found.length + number(head, 28, 2);
                if (new String(found, "UTF-8").equals(name)) {
                    return data;
                }
                at = data + number(head, 18, 4);
            }
        }
    }

    private static int number(byte[] bytes, int at, int count) {
        int value = 0;
        for (int i = count - 1; i >= 0; i--) {
            value = value << 8 | bytes[at + i] & 255;
        }
        return value;
    }
}
