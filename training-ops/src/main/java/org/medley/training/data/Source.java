package org.medley.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.medley.runtime.digest.Sha256;
import org.medley.training.recipe.BadRecipeException;

/**
 * A dataset as it lies on disk: one file, or a folder whose files are read in order of name. Hidden files are not looked
 * at; any other that is not data is refused, for it may be data with a mistaken name.
 */
public final class Source {
    private final String name;
    private final Path path;
    private final Format format;
    private final List<Shard> shards;

    private Source(String name, Path path, Format format, List<Shard> shards) {
        this.name = name;
        this.path = path;
        this.format = format;
        this.shards = shards;
    }

    /**
     * Looks at names, sizes and beginnings, not yet at records.
     *
     * @param name what recipes and lineage call the dataset
     */
    public static Source of(String name, Path path, Format format) {
        return new Source(name, path, format, find(path, format));
    }

    private static List<Shard> find(Path path, Format format) {
        if (!Files.isDirectory(path)) {
            return List.of(Shard.of(path, format));
        }
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            entries.forEach(files::add);
        } catch (IOException e) {
            throw Shard.unreadable(path, e);
        }
        files.removeIf(file -> file.getFileName().toString().startsWith("."));
        if (files.isEmpty()) {
            throw Shard.refuse(path, "the folder holds no data; " + Shard.POSSIBLE);
        }
        files.sort(Comparator.comparing(file -> file.getFileName().toString()));
        return files.stream().map(file -> Shard.of(file, format)).toList();
    }

    public String name() {
        return name;
    }

    public Format format() {
        return format;
    }

    Path path() {
        return path;
    }

    List<Shard> shards() {
        return shards;
    }

    /** Size of all files. */
    public long bytes() {
        return shards.stream().mapToLong(Shard::bytes).sum();
    }

    /** @throws BadRecipeException if a file was written, added or removed since the dataset was found */
    void checkUnchanged() {
        shards.forEach(Shard::checkUnchanged);
        if (!find(path, format).equals(shards)) {
            throw Shard.changed(path);
        }
    }

    /** The hash of a single file is that of its bytes, that of a folder goes over the files' names and hashes. */
    String sha256(List<String> hashes) {
        if (!Files.isDirectory(path)) {
            return hashes.getFirst();
        }
        Sha256 all = new Sha256();
        for (int i = 0; i < hashes.size(); i++) {
            all.add(shards.get(i).file().getFileName() + "\0" + hashes.get(i) + "\n");
        }
        return all.hex();
    }

    /** Reads all bytes for their hash alone. */
    String sha256(Progress progress) throws IOException {
        List<String> hashes = new ArrayList<>();
        long done = 0;
        for (Shard shard : shards) {
            progress.read(done, bytes());
            hashes.add(new Sha256().add(shard.file()).hex());
            done += shard.bytes();
        }
        checkUnchanged();
        progress.read(done, done);
        return sha256(hashes);
    }

    /** The first records, each checked. For datasets of objects, not for plain text. */
    public List<JsonNode> head(int most) throws IOException {
        List<JsonNode> records = new ArrayList<>();
        for (Shard shard : shards) {
            if (records.size() >= most) {
                break;
            }
            try (RowReader rows = RowReader.open(shard, format, new Sha256())) {
                for (Row row = rows.next(); row != null && records.size() < most; row = rows.next()) {
                    JsonNode object = row.object();
                    Content.of(object, format, row.place());
                    records.add(object);
                }
            }
        }
        return records;
    }

    /** All texts one after the other, each checked, read anew by each iteration: what a tokenizer is trained on. */
    public Iterable<String> texts() {
        return () -> new Texts(this);
    }

    private static final class Texts implements Iterator<String> {
        private final Source source;
        private final Iterator<Shard> shards;
        private final Iterator<String> none = List.<String>of().iterator();
        private RowReader rows;
        private Iterator<String> ready = none;

        Texts(Source source) {
            this.source = source;
            this.shards = source.shards.iterator();
        }

        @Override
        public boolean hasNext() {
            try {
                while (!ready.hasNext()) {
                    if (rows == null) {
                        if (!shards.hasNext()) {
                            return false;
                        }
                        rows = RowReader.open(shards.next(), source.format, new Sha256());
                    }
                    Row row = rows.next();
                    if (row == null) {
                        rows.close();
                        rows = null;
                    } else {
                        ready = row.content(source.format).texts().iterator();
                    }
                }
                return true;
            } catch (IOException e) {
                throw Shard.unreadable(source.path, e);
            }
        }

        @Override
        public String next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.next();
        }
    }
}
