package org.medley.platform.identity;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How accounts are guarded. */
@ConfigMapping(prefix = "medley.identity")
public interface IdentityConfig {
    /** Whether a first start makes one user of each role, with a password it prints; otherwise one administrator. */
    @WithDefault("true")
    boolean demo();

    /** Name of the tenant that a first start makes when it is no demonstration. */
    @WithDefault("hospital")
    String tenant();

    /** Wrong passwords in a row after which an account is locked for {@link #lockFor()}. */
    @WithDefault("5")
    int maxFailures();

    @WithDefault("15m")
    Duration lockFor();

    /** Work factor of bcrypt, as a power of two. */
    @WithDefault("12")
    int bcryptCost();
}
