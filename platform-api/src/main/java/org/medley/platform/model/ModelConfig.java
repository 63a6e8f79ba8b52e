package org.medley.platform.model;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** What the registry does by itself. */
@ConfigMapping(prefix = "medley.model")
public interface ModelConfig {
    /** Name of the model that goes into production at a start at which none ever was; absent: an administrator does. */
    Optional<String> first();
}
