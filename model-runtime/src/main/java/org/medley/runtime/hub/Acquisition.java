package org.medley.runtime.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.medley.runtime.weights.ModelSource;

/** Brings models into a store, from a hub or from elsewhere on the machine: checked, and whole or not at all. */
final class Acquisition {
    private static final long SPARE_BYTES = 256L << 20;

    private final ModelStore store;
    private final PrintStream out;
    private final boolean terminal;
    private final long most;
    private final Download.Patience patience;

    /**
     * @param out where progress is shown
     * @param most largest model to bring in, in bytes
     */
    Acquisition(ModelStore store, PrintStream out, boolean terminal, long most, Download.Patience patience) {
        this.store = store;
        this.out = out;
        this.terminal = terminal;
        this.most = most;
        this.patience = patience;
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
        check(folder);
        return store.publish(name);
    }

    private void requireRoom(String what, long total, Path folder) throws IOException {
        if (total > most) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "%s has %.1f GB; at most %.1f are allowed (--max-gb)", what, total / 1e9, most / 1e9));
        }
        long have = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
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

    /** Reads every description in the files, so that a model that cannot be read does not enter the store. */
    private static void check(Path folder) throws IOException {
        Path path = folder;
        if (!Files.exists(folder.resolve("config.json"))) {
            try (Stream<Path> files = Files.list(folder)) {
                path = files.filter(file -> file.toString().endsWith(".gguf"))
                        .findFirst()
                        .orElse(folder);
            }
        }
        checkModel(ModelSource.of(path));
    }

    private static void checkModel(ModelSource model) {
        model.config();
        model.chatTemplate();
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
        checkModel(model);
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(source)) {
            try (Stream<Path> all = Files.list(source)) {
                all.filter(Files::isRegularFile)
                        .filter(file -> isModelFile(file))
                        .forEach(files::add);
            }
        } else {
            files.add(source);
        }
        Path folder = store.staging(name, "copy of " + source.toAbsolutePath() + " at " + System.nanoTime());
        long total = 0;
        for (Path file : files) {
            total = Math.addExact(total, Files.size(file));
        }
        requireRoom(source.toString(), total, folder);
        Progress progress = new Progress(out, terminal, total);
        for (Path file : files) {
            progress.file(file.getFileName().toString());
            Files.copy(file, folder.resolve(file.getFileName()));
            progress.fetched(Files.size(file));
        }
        progress.end();
        check(folder);
        return store.publish(name);
    }

    private static boolean isModelFile(Path file) {
        return file.getFileName()
                .toString()
                .matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.(json|jinja|safetensors)|LICENSE(\\.txt|\\.md)?");
    }
}
