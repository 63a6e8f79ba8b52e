package org.medley.runtime.digest;

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

/** SHA-256 over what is added, in lower-case hexadecimal. For one thread. */
public final class Sha256 {
    private final MessageDigest digest;

    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    public Sha256 add(byte... bytes) {
        digest.update(bytes);
        return this;
    }

    /** Four bytes, the highest first. */
    public Sha256 addInt(int value) {
        return add((byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value);
    }

    /** In UTF-8. */
    public Sha256 add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A file's content. */
    public Sha256 add(Path file) throws IOException {
        try (InputStream in = reading(Files.newInputStream(file))) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return this;
    }

    /** A stream whose bytes are added as they are read. */
    public InputStream reading(InputStream in) {
        return new DigestInputStream(in, digest);
    }

    /** The hash; nothing can be added after it. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
