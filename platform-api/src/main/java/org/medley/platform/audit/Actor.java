package org.medley.platform.audit;

import java.util.Set;
import java.util.UUID;

/** Who did it. In a request that is the caller; work in the background names its actor itself. */
public interface Actor {
    UUID tenantId();

    String name();

    Set<String> roles();

    static Actor of(UUID tenantId, String name, Set<String> roles) {
        record Known(UUID tenantId, String name, Set<String> roles) implements Actor {}
        return new Known(tenantId, name, roles);
    }

    /** Medley itself, on behalf of a tenant. */
    static Actor system(UUID tenantId) {
        return of(tenantId, "system", Set.of());
    }
}
