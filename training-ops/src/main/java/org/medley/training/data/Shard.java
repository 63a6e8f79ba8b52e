package org.medley.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.medley.training.recipe.BadRecipeException;

/**
 * One file of a dataset as it was found.
 *
 * @param modified when it was last written, in nanoseconds since 1970
 */
record Shard(Path file, Kind kind, long bytes, long modified) {
    enum Kind {
        JSONL,
        PARQUET,
        TEXT
    }

    static final String POSSIBLE = "a dataset is a .jsonl, .parquet, .txt or .md file, or a folder of such";

    static Shard of(Path file, Format format) {
        Kind kind = kind(file);
        if (kind == Kind.TEXT && format != Format.text) {
            throw refuse(file, "is plain text; the format " + format + " is read from .jsonl and .parquet files");
        }
        Shard shard = stat(file, kind);
        if (shard.bytes == 0) {
            throw refuse(file, "dataset is empty; it needs at least one line");
        }
        shard.checkContent();
        return shard;
    }

    private static Kind kind(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".jsonl")) {
            return Kind.JSONL;
        }
        if (name.endsWith(".parquet")) {
            return Kind.PARQUET;
        }
        if (name.endsWith(".txt") || name.endsWith(".md")) {
            return Kind.TEXT;
        }
        if (name.matches(".*\\.(gz|bz2|xz|zst|lz4|zip|7z|tar|tgz)")) {
            throw refuse(file, "is compressed; decompress it first");
        }
        if (name.endsWith(".json")) {
            throw refuse(file, "is no kind of file that is read; write one object per line and name it .jsonl");
        }
        throw refuse(file, "is no kind of file that is read; " + POSSIBLE);
    }

    private static Shard stat(Path file, Kind kind) {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            if (found.isDirectory()) {
                throw refuse(file, "is a folder with the name of a file; " + POSSIBLE);
            }
            if (!found.isRegularFile()) {
                throw refuse(file, "is no plain file; " + POSSIBLE);
            }
            return new Shard(file, kind, found.size(), found.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** A file that is not what its name says is refused by what it is. */
    private void checkContent() {
        byte[] start;
        try (InputStream in = Files.newInputStream(file)) {
            start = in.readNBytes(4);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        boolean parquet = begins(start, 'P', 'A', 'R', '1');
        if (kind == Kind.PARQUET) {
            if (!parquet) {
                throw refuse(file, "is not a Parquet file, which begins with PAR1; give it the name of what it is");
            }
            return;
        }
        if (parquet) {
            throw refuse(file, "is a Parquet file; name it .parquet");
        }
        if (begins(start, 0x1f, 0x8b) || begins(start, 'P', 'K', 3, 4) || begins(start, 0x28, 0xb5, 0x2f, 0xfd)) {
            throw refuse(file, "is compressed; decompress it first");
        }
        if (begins(start, 0xff, 0xfe) || begins(start, 0xfe, 0xff)) {
            throw refuse(file, "is UTF-16 text; convert it to UTF-8");
        }
    }

    private static boolean begins(byte[] bytes, int... start) {
        return bytes.length >= start.length
                && Arrays.equals(
                        start,
                        java.util.stream.IntStream.range(0, start.length)
                                .map(i -> bytes[i] & 0xff)
                                .toArray());
    }

    /** @throws BadRecipeException if the file is no longer what it was when it was found */
    void checkUnchanged() {
        Shard now = stat(file, kind);
        if (!now.equals(this)) {
            throw changed(file);
        }
    }

    static BadRecipeException changed(Path file) {
        return refuse(file, "changed while it was read; wait until nothing writes to it and start again");
    }

    static BadRecipeException unreadable(Path file, IOException e) {
        String why = switch (e) {
            case NoSuchFileException none -> "there is no such file";
            case AccessDeniedException denied -> "this process may not read it";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage();
        };
        return new BadRecipeException(file + ": dataset cannot be read: " + why, e);
    }

    static BadRecipeException refuse(Path file, String problem) {
        return new BadRecipeException(file + ": " + problem);
    }
}
