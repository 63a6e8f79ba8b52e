package org.medley.runtime.api;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.medley.runtime.network.EncoderLoader;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** The model folders and GGUF files under {@code medley.runtime.models}: the directory of a runtime by itself. */
@ApplicationScoped
@DefaultBean
class FolderDirectory implements ModelDirectory {
    private final Path root;
    private final Optional<String> readyModel;
    /** Whether a model writes, by the entry as it was last changed: probes of readiness come every few seconds. */
    private final Map<Entry, Boolean> writing = new ConcurrentHashMap<>();

    FolderDirectory(RuntimeConfig config) {
        this.root = config.models();
        this.readyModel = config.readyModel();
    }

    @Override
    public List<Entry> list() {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(root)) {
            return folders.filter(ModelSource::isModel)
                    .sorted()
                    .map(FolderDirectory::entry)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the models folder " + root + " cannot be listed", e);
        }
    }

    private static Entry entry(Path folder) {
        try {
            Instant created = Files.getLastModifiedTime(folder).toInstant();
            return new Entry(ModelSource.nameOf(folder), folder, created);
        } catch (IOException e) {
            throw new UncheckedIOException("the model " + folder + " cannot be read", e);
        }
    }

    @Override
    public Optional<Entry> find(String name) {
        return list().stream().filter(entry -> entry.name().equals(name)).findFirst();
    }

    /** The configured model, or else the first that writes, or else the first. */
    @Override
    public Optional<Entry> selfTest() {
        if (readyModel.isPresent()) {
            return find(readyModel.get());
        }
        List<Entry> all = list();
        return all.stream()
                .filter(entry -> writing.computeIfAbsent(entry, FolderDirectory::writes))
                .findFirst()
                .or(() -> all.stream().findFirst());
    }

    private static boolean writes(Entry entry) {
        try {
            return !EncoderLoader.isEncoder(ModelSource.of(entry.folder()).config());
        } catch (BadModelException unreadable) {
            return false;
        }
    }

    @Override
    public String tenant() {
        return "";
    }
}
