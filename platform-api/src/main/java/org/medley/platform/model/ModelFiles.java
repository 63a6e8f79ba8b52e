package org.medley.platform.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.trainer.Lineage;

/**
 * A model's files, checked whole and measured.
 *
 * @param folder in the registry's own storage
 */
record ModelFiles(Path folder, String sha256, long bytes, long parameters, Lineage lineage) {

    /** Reads a model folder and keeps its files under their hash, where nobody writes to them any more. */
    static ModelFiles keep(Path source, Path registry) {
        ModelFolder model = new ModelFolder(source);
        String sha256 = model.sha256();
        Lineage lineage = Lineage.read(source, sha256);
        long parameters;
        try (Arena arena = Arena.ofConfined()) {
            parameters = model.weights(arena).values().stream()
                    .mapToLong(Tensor::size)
                    .sum();
        }
        try {
            long bytes = 0;
            for (Path shard : model.shards()) {
                bytes += Files.size(shard);
            }
            Path kept = registry.resolve(sha256);
            if (!Files.exists(kept)) {
                copy(source, kept);
            }
            return new ModelFiles(kept, sha256, bytes, parameters, lineage);
        } catch (IOException e) {
            throw new BadModelException(source, "cannot be kept in " + registry + ": " + e.getMessage(), e);
        }
    }

    /** By hard links where the file system has them: trainers write new files and never into old ones. */
    private static void copy(Path source, Path kept) throws IOException {
        Files.createDirectories(kept.getParent());
        Path fresh = Files.createTempDirectory(kept.getParent(), ".new");
        List<Path> files;
        try (Stream<Path> all = Files.list(source)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path target = fresh.resolve(file.getFileName());
            try {
                Files.createLink(target, file);
            } catch (FileSystemException | UnsupportedOperationException noLinks) {
                Files.copy(file, target);
            }
        }
        try {
            Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException somebodyElseWasFaster) {
            for (Path file : files) {
                Files.delete(fresh.resolve(file.getFileName()));
            }
            Files.delete(fresh);
        }
    }
}
