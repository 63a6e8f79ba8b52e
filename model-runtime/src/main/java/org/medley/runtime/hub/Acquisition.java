package org.medley.runtime.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.medley.runtime.network.EncoderLoader;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;

/** Brings models into a store, from a hub or from elsewhere on the machine: checked, and whole or not at all. */
final class Acquisition {
    private static final long SPARE_BYTES = 256L << 20;

    private final ModelStore store;
    private final PrintStream out;
    private final boolean terminal;
    private final long most;
    private final Download.Patience patience;
    private final EmbeddingSettings.Pooling pooling;

    /**
     * @param out where progress is shown
     * @param most largest model to bring in, in bytes
     * @param pooling to put beside an encoder that does not tell it, or null
     */
    Acquisition(
            ModelStore store,
            PrintStream out,
            boolean terminal,
            long most,
            Download.Patience patience,
            EmbeddingSettings.Pooling pooling) {
        this.store = store;
        this.out = out;
        this.terminal = terminal;
        this.most = most;
        this.patience = patience;
        this.pooling = pooling;
    }

    /** @param gguf the file to fetch of a repository with several, or null */
    Path pull(HubClient hub, Repository repository, String gguf, String name) throws IOException {
        JsonNode listing = hub.listing(repository);
        String commit = listing.path("sha").asText(repository.revision());
        if (!commit.matches("[A-Za-z0-9._/-]{1,200}")) {
            throw new HubException(repository + ": the hub names a commit that can be none");
        }
        List<HubFile> files = HubFile.needed(repository, listing, gguf);
        Path folder = store.staging(name, repository.owner() + "/" + repository.name() + " " + commit + " " + gguf);
        long total = files.stream().mapToLong(HubFile::size).reduce(0, Math::addExact);
        requireRoom(repository.toString(), total, folder);
        Progress progress = new Progress(out, terminal, total);
        for (HubFile file : files) {
            new Download(hub, repository, commit, file, folder, progress, patience).run();
        }
        progress.end();
        finish(folder);
        return store.publish(name);
    }

    private void requireRoom(String what, long total, Path folder) throws IOException {
        if (total > most) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "%s has %.1f GB; at most %.1f are allowed (--max-gb)", what, total / 1e9, most / 1e9));
        }
        long have = 0;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                have += Files.size(file);
            }
        }
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < total - have + SPARE_BYTES) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s needs %.1f GB more in %s, where %.1f are free",
                    what,
                    (total - have + SPARE_BYTES) / 1e9,
                    folder,
                    free / 1e9));
        }
    }

    private void finish(Path folder) throws IOException {
        ModelSource model = found(folder);
        if (pooling != null) {
            tell(model, folder);
        }
        check(model);
    }

    /** Says how an encoder pools whose files do not tell. */
    private void tell(ModelSource model, Path folder) throws IOException {
        if (!(model instanceof ModelFolder) || !EncoderLoader.isEncoder(model.config())) {
            throw new IllegalArgumentException("--pooling is for encoders in folders; this is another model");
        }
        EmbeddingSettings.Pooling told = model.embeddingSettings().pooling();
        if (told != null && told != pooling) {
            throw new IllegalArgumentException("--pooling is " + pooling + ", but the model's own files say " + told);
        }
        pooling.write(folder);
    }

    private static ModelSource found(Path folder) throws IOException {
        Path path = folder;
        if (!Files.exists(folder.resolve("config.json"))) {
            try (Stream<Path> files = Files.list(folder)) {
                path = files.filter(file -> file.toString().endsWith(".gguf"))
                        .findFirst()
                        .orElse(folder);
            }
        }
        return ModelSource.of(path);
    }

    /** Reads every description in the files, so that a model that cannot be read does not enter the store. */
    private static void check(ModelSource model) {
        model.config();
        model.chatTemplate();
        model.embeddingSettings();
        if (model.tokenizerJson().length == 0) {
            throw new IllegalArgumentException(model.path() + ": the tokenizer is empty");
        }
        try (Arena arena = Arena.ofShared()) {
            model.weights(arena);
        }
    }

    /** Copies a folder's model files, or a GGUF file. */
    Path copy(Path source, String name) throws IOException {
        ModelSource model = ModelSource.of(source);
        check(model);
        Path root =
                model instanceof ModelFolder ? source : source.toAbsolutePath().getParent();
        List<Path> files = model instanceof ModelFolder folder ? folder.files() : List.of(source.getFileName());
        Path folder = store.staging(name, "copy of " + source.toAbsolutePath() + " at " + System.nanoTime());
        long total = 0;
        for (Path file : files) {
            total = Math.addExact(total, Files.size(root.resolve(file)));
        }
        requireRoom(source.toString(), total, folder);
        Progress progress = new Progress(out, terminal, total);
        for (Path file : files) {
            Path target = folder.resolve(file);
            progress.file(file.toString());
            Files.createDirectories(target.getParent());
            Files.copy(root.resolve(file), target);
            progress.fetched(Files.size(target));
        }
        progress.end();
        finish(folder);
        return store.publish(name);
    }
}
