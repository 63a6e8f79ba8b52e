package org.medley.platform.dataset;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.digest.Sha256;
import org.medley.training.data.Census;
import org.medley.training.data.Format;
import org.medley.training.recipe.BadRecipeException;

/**
 * What lies in the tenants' folders of datasets. A registered content is kept beside them in a hidden folder, by hard
 * links, so that its version can still be trained on when its name means another content.
 */
@ApplicationScoped
class DatasetFiles {
    static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";
    /** In the order in which a recipe's name is looked for. */
    static final List<String> ENDINGS = List.of(".jsonl", ".parquet", ".txt", ".md");

    private static final String KEPT = ".versions";
    /** Largest file that is copied to be kept. */
    private static final long COPIED = 4L << 30;

    private static final int MAX_DESCRIPTION = 4_000;

    private final TenantFolders folders;
    private final Map<Path, Counted> counted = new ConcurrentHashMap<>();

    DatasetFiles(TenantFolders folders) {
        this.folders = folders;
    }

    /**
     * A dataset as it lies in the folder.
     *
     * @param stamp changes whenever one of its files is written, added or removed
     * @param description what a file NAME.md beside it says, or nothing
     */
    record Found(String name, Path path, int files, long bytes, String stamp, String description) {}

    private record Counted(String stamp, Format asked, Census census) {}

    Path folder(UUID tenant) {
        return folders.datasets(tenant);
    }

    /** All that could be a dataset, by name. */
    Map<String, Found> all(UUID tenant) {
        Path folder = folder(tenant);
        if (!Files.isDirectory(folder)) {
            return Map.of();
        }
        Map<String, Path> named = new TreeMap<>();
        try (Stream<Path> entries = Files.list(folder)) {
            entries.filter(path -> !path.getFileName().toString().startsWith("."))
                    .sorted(Comparator.comparingInt(DatasetFiles::rank))
                    .forEach(path -> nameOf(path).ifPresent(name -> named.putIfAbsent(name, path)));
        } catch (IOException e) {
            throw new UncheckedIOException("the datasets in " + folder + " cannot be listed", e);
        }
        Map<String, Found> found = new TreeMap<>();
        named.forEach((name, path) -> look(name, path).ifPresent(one -> found.put(name, one)));
        return found;
    }

    Optional<Found> find(UUID tenant, String name) {
        return Optional.ofNullable(all(tenant).get(name));
    }

    private static int rank(Path path) {
        int ending = ENDINGS.indexOf(ending(path));
        return Files.isDirectory(path) || ending < 0 ? ENDINGS.size() : ending;
    }

    private static String ending(Path path) {
        String name = path.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot);
    }

    private static Optional<String> nameOf(Path path) {
        String file = path.getFileName().toString();
        if (Files.isDirectory(path)) {
            return Optional.of(file);
        }
        return ENDINGS.stream()
                .filter(ending -> file.endsWith(ending) && file.length() > ending.length())
                .findFirst()
                .map(ending -> file.substring(0, file.length() - ending.length()));
    }

    private static Optional<Found> look(String name, Path path) {
        try {
            List<Path> files = files(path);
            if (files.isEmpty()) {
                return Optional.empty();
            }
            long bytes = 0;
            for (Path file : files) {
                bytes += Files.size(file);
            }
            return Optional.of(new Found(name, path, files.size(), bytes, stamp(path), description(name, path)));
        } catch (IOException e) {
            throw new UncheckedIOException("the dataset " + path + " cannot be read", e);
        }
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted(Comparator.comparing(file -> file.getFileName().toString()))
                    .toList();
        }
    }

    /** By names within a folder, sizes and times: what a kept content shares with what it was made of. */
    static String stamp(Path path) throws IOException {
        Sha256 stamp = new Sha256();
        for (Path file : files(path)) {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            stamp.add((file.equals(path) ? "" : file.getFileName()) + "\0" + is.size() + "\0"
                    + is.lastModifiedTime().to(TimeUnit.NANOSECONDS) + "\n");
        }
        return stamp.hex();
    }

    private static String description(String name, Path path) throws IOException {
        Path beside = path.resolveSibling(name + ".md");
        if (beside.equals(path) || !Files.isRegularFile(beside) || Files.size(beside) > MAX_DESCRIPTION) {
            return "";
        }
        return Files.readString(beside).strip();
    }

    /**
     * Reads a dataset through; what did not change since it was last read is not read again.
     *
     * @param format what its records shall be; null to find out
     * @throws BadRecipeException if it is no dataset, or of another format
     */
    Census census(Path path, Format format) {
        return read(path, () -> {
            String stamp = stamp(path);
            Counted before = counted.get(path);
            if (before != null && before.stamp.equals(stamp) && before.asked == format) {
                return before.census;
            }
            Census census = Census.of(path, format);
            counted.put(path, new Counted(stamp, format, census));
            return census;
        });
    }

    /** @throws BadRecipeException if the first records of a dataset are not of a format */
    void check(Path path, Format format) {
        read(path, () -> {
            Census.check(path, format);
            return null;
        });
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private static <T> T read(Path path, Reading<T> reading) {
        try {
            return reading.read();
        } catch (BadRecipeException e) {
            // The server's folders are nobody's business.
            throw new BadRecipeException(
                    e.getMessage()
                            .replace(path.getParent() + path.getFileSystem().getSeparator(), ""),
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("the dataset " + path + " cannot be read", e);
        }
    }

    /**
     * Keeps a content for its version.
     *
     * @return its place in the tenant's folder of datasets
     */
    String keep(Found found, int version) {
        String ending = Files.isDirectory(found.path) ? "" : ending(found.path);
        Path folder = found.path.getParent();
        Path kept = folder.resolve(KEPT).resolve(found.name + "@" + version + ending);
        try {
            // Left by a registration that did not come to its end.
            forget(folder, folder.relativize(kept).toString());
            Files.createDirectories(kept.getParent());
            if (Files.isDirectory(found.path)) {
                Files.createDirectory(kept);
                for (Path file : files(found.path)) {
                    keep(file, kept.resolve(file.getFileName()));
                }
            } else {
                keep(found.path, kept);
            }
            return folder.relativize(kept).toString();
        } catch (IOException e) {
            throw new UncheckedIOException("dataset " + found.name + " cannot be kept in " + kept, e);
        }
    }

    /** A copy, which nobody writes into; large files by a hard link, which must not be written into in place. */
    private static void keep(Path file, Path target) throws IOException {
        if (Files.size(file) <= COPIED) {
            Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
            return;
        }
        try {
            Files.createLink(target, file.toRealPath());
        } catch (FileSystemException | UnsupportedOperationException noLinks) {
            Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    /** Removes a kept content. The file in the folder, if it is still there, stays. */
    void forget(Path folder, String kept) {
        Path path = folder.resolve(kept);
        try {
            if (!Files.exists(path)) {
                return;
            }
            List<Path> all = new ArrayList<>();
            try (Stream<Path> walk = Files.walk(path)) {
                walk.sorted(Comparator.reverseOrder()).forEach(all::add);
            }
            for (Path one : all) {
                Files.delete(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(path + " cannot be removed", e);
        }
    }

    /** Whether a content is still what it was when it was registered, by its stamp, or by its hash if that changed. */
    boolean isUnchanged(Path path, DatasetVersion version) {
        try {
            return stamp(path).equals(version.stamp)
                    || census(path, null).sha256().equals(version.sha256);
        } catch (IOException e) {
            throw new UncheckedIOException("the dataset " + path + " cannot be read", e);
        }
    }
}
