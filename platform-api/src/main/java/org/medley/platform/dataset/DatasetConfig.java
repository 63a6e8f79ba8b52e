package org.medley.platform.dataset;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;

/** What datasets may be. */
@ConfigMapping(prefix = "medley.datasets")
public interface DatasetConfig {
    /** The largest file that can be uploaded; larger ones are put into the folder by hand. */
    MemorySize maxUpload();
}
