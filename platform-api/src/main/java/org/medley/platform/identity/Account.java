package org.medley.platform.identity;

import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import java.util.Set;
import java.util.UUID;

/**
 * A person or a system that has shown who it is.
 *
 * @param id of the user or of the API key
 * @param principal what a session cookie keeps: for a user, its id and the epoch the session belongs to
 */
record Account(
        UUID id,
        UUID tenantId,
        String tenantName,
        String username,
        String displayName,
        Set<String> roles,
        boolean key,
        String principal) {
    static final String ATTRIBUTE = "medley.account";

    SecurityIdentity identity() {
        return QuarkusSecurityIdentity.builder()
                .setPrincipal(new QuarkusPrincipal(principal))
                .addRoles(roles)
                .addAttribute(ATTRIBUTE, this)
                .build();
    }
}
