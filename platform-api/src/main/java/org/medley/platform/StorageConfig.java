package org.medley.platform;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

/** Where everything lies that is not in the database. */
@ConfigMapping(prefix = "medley.storage")
public interface StorageConfig {
    @WithDefault("${user.home}/.medley")
    Path data();

    /** Registered models, by hash: what a version is never changes, whatever happens to the folder it came from. */
    default Path registry() {
        return data().resolve("registry");
    }

    /** One folder per job, named by its id; a job goes on from its own checkpoint there. */
    default Path jobs() {
        return data().resolve("jobs");
    }

    default Path secrets() {
        return data().resolve("secrets");
    }
}
