package org.medley.runtime.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.medley.runtime.weights.ModelSource;

/** The models in a data folder: {@code models/NAME/} and {@code models/NAME.gguf}, each whole or not there. */
public record ModelStore(Path data) {
    /** Where models are put together; its name has a dot so that no model can have it. */
    private static final String STAGING = ".partial";

    private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

    private Path root() {
        return data.resolve("models");
    }

    /** The model that a name or a path means; anything with a slash is a path. */
    public ModelSource open(String name) {
        if (name.contains("/")) {
            return ModelSource.of(Path.of(name));
        }
        Path file = root().resolve(name + ".gguf");
        return ModelSource.of(Files.isRegularFile(file) ? file : root().resolve(name));
    }

    /** Where every model lies, in order of name. */
    public List<Path> list() {
        if (!Files.isDirectory(root())) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root())) {
            return all.filter(ModelSource::isModel).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the models folder " + root() + " cannot be listed", e);
        }
    }

    /**
     * A folder to put a model together in, kept from an earlier attempt if that was to make the same.
     *
     * @param contents what the model will be made of; of another one nothing is kept
     */
    Path staging(String name, String contents) throws IOException {
        requireFree(name);
        Path staging = root().resolve(STAGING).resolve(name);
        Path mark = root().resolve(STAGING).resolve(name + ".contents");
        if (!Files.isRegularFile(mark) || !Files.readString(mark).equals(contents)) {
            delete(staging);
            Files.createDirectories(staging);
            Files.writeString(mark, contents);
        }
        Files.createDirectories(staging);
        return staging;
    }

    /** Gives what was put together, a folder or the one GGUF file in it, its place among the models. */
    Path publish(String name) throws IOException {
        Path staging = root().resolve(STAGING).resolve(name);
        requireFree(name);
        List<Path> files;
        try (Stream<Path> all = Files.list(staging)) {
            files = all.toList();
        }
        boolean gguf = files.size() == 1 && files.getFirst().toString().endsWith(".gguf");
        Path target = root().resolve(gguf ? name + ".gguf" : name);
        Files.move(gguf ? files.getFirst() : staging, target, StandardCopyOption.ATOMIC_MOVE);
        discard(name);
        return target;
    }

    /** Throws away what an attempt left. */
    void discard(String name) throws IOException {
        delete(root().resolve(STAGING).resolve(name));
        Files.deleteIfExists(root().resolve(STAGING).resolve(name + ".contents"));
        try (Stream<Path> left = Files.list(root().resolve(STAGING))) {
            if (left.findAny().isPresent()) {
                return;
            }
        }
        Files.deleteIfExists(root().resolve(STAGING));
    }

    private void requireFree(String name) {
        if (!name.matches(NAME) || name.endsWith(".gguf")) {
            throw new IllegalArgumentException("'" + name + "' cannot be a model's name; letters, digits, . _ - can");
        }
        for (Path taken : List.of(root().resolve(name), root().resolve(name + ".gguf"))) {
            if (Files.exists(taken, LinkOption.NOFOLLOW_LINKS)) {
                throw new IllegalArgumentException(
                        taken + " is there already; remove it with `medley models rm " + name + "` or choose --name");
            }
        }
    }

    /** Removes a model, and what an unfinished attempt to get one of the name left. */
    Path remove(String name) throws IOException {
        if (!name.matches(NAME)) {
            throw new IllegalArgumentException("'" + name + "' is no model's name");
        }
        for (Path path : list()) {
            if (ModelSource.nameOf(path).equals(name)) {
                delete(path);
                return path;
            }
        }
        Path unfinished = root().resolve(STAGING).resolve(name);
        if (Files.isDirectory(unfinished)) {
            discard(name);
            return unfinished;
        }
        throw new IllegalArgumentException("there is no model '" + name + "' in " + root());
    }

    /** Links are removed, never followed. */
    private static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
