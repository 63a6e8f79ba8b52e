package org.medley.platform.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.GgufFile;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;
import org.medley.training.trainer.Lineage;

/**
 * A model's files, checked whole and measured.
 *
 * @param folder in the registry's own storage, or the one GGUF file there
 */
record ModelFiles(Path folder, String sha256, long bytes, long parameters, Lineage lineage) {

    /** Reads a model folder or a GGUF file and keeps it under its hash, where nobody writes to it any more. */
    static ModelFiles keep(Path source, Path registry) {
        ModelSource model = ModelSource.of(source);
        String sha256 = model.sha256();
        Lineage lineage = Lineage.read(source, sha256);
        long parameters;
        try (Arena arena = Arena.ofShared()) {
            parameters = model.weights(arena).values().stream()
                    .mapToLong(Tensor::size)
                    .sum();
        }
        boolean file = model instanceof GgufFile;
        Path kept = registry.resolve(file ? sha256 + ".gguf" : sha256);
        try {
            if (!Files.exists(kept)) {
                copy(source, file, kept);
            }
            return new ModelFiles(kept, sha256, model.bytes(), parameters, lineage);
        } catch (IOException e) {
            throw new BadModelException(source, "cannot be kept in " + registry + ": " + e.getMessage(), e);
        }
    }

    /** By hard links where the file system has them: trainers write new files and never into old ones. */
    private static void copy(Path source, boolean file, Path kept) throws IOException {
        Files.createDirectories(kept.getParent());
        Path fresh = Files.createTempDirectory(kept.getParent(), ".new");
        try {
            Path root = file ? source.toAbsolutePath().getParent() : source;
            for (Path one : file ? List.of(source.getFileName()) : new ModelFolder(source).files()) {
                Path target = fresh.resolve(one);
                Files.createDirectories(target.getParent());
                link(root.resolve(one).toRealPath(), target);
            }
            Files.move(file ? fresh.resolve(source.getFileName()) : fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException somebodyElseWasFaster) {
            // The same files: they are kept under their hash.
        } finally {
            delete(fresh);
        }
    }

    private static void link(Path file, Path target) throws IOException {
        try {
            Files.createLink(target, file);
        } catch (FileSystemException | UnsupportedOperationException noLinks) {
            Files.copy(file, target);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
