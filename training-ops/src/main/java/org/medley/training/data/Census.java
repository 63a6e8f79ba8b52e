package org.medley.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.digest.Sha256;
import org.medley.training.recipe.BadRecipeException;

/**
 * What can be said of a dataset without a tokenizer. Its records are counted and its first ones checked, not all.
 *
 * @param sha256 the same that a run which reads the data finds
 * @param records null if they cannot be counted because the format is not known
 * @param format null if its first records have none
 */
public record Census(String sha256, long bytes, int files, Long records, Format format) {
    private static final int HEAD = 20;

    /** The narrower ones first: a pair could be read as a prompt, and a prompt of several turns as a chat. */
    private static final List<Format> NARROW_TO_WIDE =
            List.of(Format.pairs, Format.prompts, Format.chat, Format.tokens, Format.text);

    /**
     * Reads a dataset through.
     *
     * @param format what its records shall be; null to find out
     * @throws BadRecipeException if it is no dataset, its first records are of another format, or it is written to
     */
    public static Census of(Path path, Format format) throws IOException {
        String name = path.getFileName().toString();
        if (format != null) {
            check(path, format);
        }
        Format found = format == null ? guess(name, path) : format;
        Source source = Source.of(name, path, found == null ? Format.text : found);
        List<String> hashes = new ArrayList<>();
        Long records = 0L;
        for (Shard shard : source.shards()) {
            Sha256 hash = new Sha256();
            Long more = count(shard, found, hash);
            hashes.add(hash.hex());
            records = records == null || more == null ? null : (Long) (records + more);
        }
        source.checkUnchanged();
        return new Census(source.sha256(hashes), source.bytes(), hashes.size(), records, found);
    }

    /** @throws BadRecipeException if the first records of a dataset are not of a format */
    public static void check(Path path, Format format) throws IOException {
        Source source = Source.of(path.getFileName().toString(), path, format);
        if (!isText(source)) {
            source.head(HEAD);
        }
    }

    private static Format guess(String name, Path path) throws IOException {
        if (isText(Source.of(name, path, Format.text))) {
            return Format.text;
        }
        for (Format format : NARROW_TO_WIDE) {
            try {
                if (!Source.of(name, path, format).head(HEAD).isEmpty()) {
                    return format;
                }
            } catch (BadRecipeException another) {
                // Its records are of another format, or of none.
            }
        }
        return null;
    }

    private static boolean isText(Source source) {
        return source.shards().stream().anyMatch(shard -> shard.kind() == Shard.Kind.TEXT);
    }

    private static Long count(Shard shard, Format format, Sha256 hash) throws IOException {
        return switch (shard.kind()) {
            case TEXT -> {
                hash.add(shard.file());
                yield 1L;
            }
            case PARQUET -> {
                hash.add(shard.file());
                if (format == null) {
                    yield null;
                }
                try (ParquetRows rows = new ParquetRows(shard, format)) {
                    yield rows.count();
                }
            }
            case JSONL -> {
                long lines = 0;
                try (RowReader rows = RowReader.open(shard, Format.text, hash)) {
                    while (rows.next() != null) {
                        lines++;
                    }
                }
                yield lines;
            }
        };
    }
}
