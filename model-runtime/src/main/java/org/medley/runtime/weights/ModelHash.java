package org.medley.runtime.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.medley.runtime.digest.Sha256;

/** What a model version is known by. */
final class ModelHash {
    private ModelHash() {}

    /** Of one file's content. */
    static String of(Path file) {
        try {
            return new Sha256().add(file).hex();
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    /** Of several files, names within the folder and lengths included. */
    static String of(Path folder, List<Path> files) {
        Sha256 hash = new Sha256();
        try {
            for (Path file : files) {
                hash.add(folder.relativize(file) + "\n" + Files.size(file) + "\n")
                        .add(file);
            }
        } catch (IOException e) {
            throw new BadModelException(folder, "cannot be read: " + e.getMessage(), e);
        }
        return hash.hex();
    }
}
