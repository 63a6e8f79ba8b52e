package org.medley.platform.clinical;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.util.Optional;

/** What a site may set of the clinical part. */
@ConfigMapping(prefix = "medley.clinical")
public interface ClinicalConfig {
    /** A file in the place of the knowledge base's {@code bands.yaml}: the numbers behind the words. */
    Optional<Path> bands();
}
