package org.medley.runtime.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 of files, in lower-case hexadecimal. */
public final class Sha256 {
    private Sha256() {}

    /** Of one file's content. */
    public static String of(Path file) {
        MessageDigest digest = digest();
        try {
            update(digest, file);
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read: " + e.getMessage(), e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Of several files, names and lengths included. */
    static String of(Path folder, List<Path> files) {
        MessageDigest digest = digest();
        try {
            for (Path file : files) {
                String head = file.getFileName() + "\n" + Files.size(file) + "\n";
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                update(digest, file);
            }
        } catch (IOException e) {
            throw new BadModelException(folder, "cannot be read: " + e.getMessage(), e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, Path file) throws IOException {
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }
}
