package org.medley.platform.model;

import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/**
 * A registered model whose files are here.
 *
 * @param folder or GGUF file
 */
public record ServableModel(UUID id, String name, int version, String sha256, Path folder, Instant createdAt) {
    static ServableModel of(ModelVersion model) {
        return new ServableModel(
                model.id, model.name, model.version, model.sha256, Path.of(model.folder), model.createdAt);
    }
}
