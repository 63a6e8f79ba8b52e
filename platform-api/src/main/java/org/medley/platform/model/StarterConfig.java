package org.medley.platform.model;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.util.Optional;

/** What a new installation begins with. */
@ConfigMapping(prefix = "medley.starter")
public interface StarterConfig {
    /** Folder with {@code model/} and {@code datasets/}; the launcher names the one Medley comes with. */
    Optional<Path> folder();
}
