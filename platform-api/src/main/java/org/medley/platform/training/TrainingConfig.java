package org.medley.platform.training;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How jobs are run. */
@ConfigMapping(prefix = "medley.training")
public interface TrainingConfig {
    /** Whether this process works on jobs itself; no, where workers of their own do. */
    @WithDefault("true")
    boolean worker();

    /** How long a worker may be silent before its job goes to another one. */
    @WithDefault("30s")
    Duration lease();

    /** How often a job may take its worker down without getting a step further. */
    @WithDefault("3")
    int maxAttempts();
}
