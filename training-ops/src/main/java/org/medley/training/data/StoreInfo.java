package org.medley.training.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;

/**
 * What {@code store.json} says, which is written last: a folder with it, and with files of the lengths that follow from
 * it, is a whole store.
 *
 * @param dataset what it was called when the store was built
 * @param sha256 of the data
 * @param learned tokens that are predicted and learned
 * @param longest tokens of the longest example
 * @param records lines, rows or files of the data
 * @param originalBytes length of {@code records.bin}, 0 for formats that keep none
 * @param path of the data when the store was built or last found to be of it
 * @param looked when the data was found as {@code files} says, in nanoseconds since 1970
 */
record StoreInfo(
        StoreSettings settings,
        String dataset,
        String sha256,
        long examples,
        long tokens,
        long learned,
        long longest,
        long records,
        long originalBytes,
        String path,
        long looked,
        List<DataFile> files) {
    static final String FILE = "store.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final long MAX_BYTES = 64 << 20;

    /** A file of the data. */
    record DataFile(String name, long bytes, long modified) {
        static List<DataFile> of(Source source) {
            return source.shards().stream()
                    .map(shard -> new DataFile(shard.file().getFileName().toString(), shard.bytes(), shard.modified()))
                    .toList();
        }

        boolean sameSize(DataFile other) {
            return name.equals(other.name) && bytes == other.bytes;
        }
    }

    StoreInfo foundAt(Source source, long now) {
        return new StoreInfo(
                settings,
                dataset,
                sha256,
                examples,
                tokens,
                learned,
                longest,
                records,
                originalBytes,
                source.path().toAbsolutePath().normalize().toString(),
                now,
                DataFile.of(source));
    }

    /** Null if the folder holds no whole store. */
    static StoreInfo read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
                return null;
            }
            StoreInfo info = JSON.readValue(file.toFile(), StoreInfo.class);
            return info.settings.version() == StoreSettings.VERSION && info.whole(folder) ? info : null;
        } catch (JacksonException e) {
            return null; // of another version, or torn: as good as absent, since it can be built again
        } catch (IOException e) {
            throw Shard.unreadable(file, e);
        }
    }

    private boolean whole(Path folder) throws IOException {
        boolean originals = settings.format() == Format.prompts;
        return has(folder, "tokens.bin", tokens * Integer.BYTES)
                && has(folder, "index.bin", (examples + 1) * Long.BYTES)
                && has(folder, "lines.bin", records * Long.BYTES)
                && (!originals
                        || has(folder, "records.bin", originalBytes)
                                && has(folder, "records-index.bin", (records + 1) * Long.BYTES));
    }

    private static boolean has(Path folder, String name, long bytes) throws IOException {
        Path file = folder.resolve(name);
        return Files.isRegularFile(file) && Files.size(file) == bytes;
    }

    void write(Path folder) throws IOException {
        Path partial = folder.resolve(".store-" + UUID.randomUUID() + ".partial");
        JSON.writeValue(partial.toFile(), this);
        Files.move(partial, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }
}
