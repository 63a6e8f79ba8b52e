package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.medley.platform.identity.TenantFolders;

/** The datasets of a tenant, as they lie in its folder. Files are read through only when they changed. */
@ApplicationScoped
class Datasets {
    private static final String SUFFIX = ".jsonl";
    private static final int BUFFER = 1 << 16;

    private final TenantFolders folders;
    private final Map<Path, Known> known = new ConcurrentHashMap<>();

    Datasets(TenantFolders folders) {
        this.folders = folders;
    }

    /** @param examples lines that are not empty */
    record DatasetView(String name, String sha256, long examples, long bytes, String description) {}

    private record Known(FileTime modified, long bytes, String sha256, long examples) {}

    List<DatasetView> of(UUID tenant) {
        Path folder = folders.datasets(tenant);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted()
                    .map(this::view)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the datasets in " + folder + " cannot be listed", e);
        }
    }

    private DatasetView view(Path file) {
        String name = file.getFileName().toString();
        name = name.substring(0, name.length() - SUFFIX.length());
        Path description = file.resolveSibling(name + ".md");
        try {
            Known now = read(file);
            return new DatasetView(
                    name,
                    now.sha256,
                    now.examples,
                    now.bytes,
                    Files.exists(description) ? Files.readString(description).strip() : "");
        } catch (IOException e) {
            throw new UncheckedIOException("the dataset " + file + " cannot be read", e);
        }
    }

    private Known read(Path file) throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        long bytes = Files.size(file);
        Known before = known.get(file);
        if (before != null && before.modified.equals(modified) && before.bytes == bytes) {
            return before;
        }
        MessageDigest digest = sha256();
        long examples = 0;
        boolean inLine = false;
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                for (int i = 0; i < read; i++) {
                    if (buffer[i] == '\n') {
                        inLine = false;
                    } else if (!inLine && !Character.isWhitespace(buffer[i])) {
                        inLine = true;
                        examples++;
                    }
                }
            }
        }
        Known now = new Known(modified, bytes, HexFormat.of().formatHex(digest.digest()), examples);
        known.put(file, now);
        return now;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }
}
