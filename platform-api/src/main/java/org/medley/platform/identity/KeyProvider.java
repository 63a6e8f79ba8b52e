package org.medley.platform.identity;

import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.IdentityProvider;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** A request with an API key. */
@ApplicationScoped
class KeyProvider implements IdentityProvider<KeyMechanism.KeyRequest> {
    private final Logins logins;
    private final ProcessKey processKey;

    KeyProvider(Logins logins, ProcessKey processKey) {
        this.logins = logins;
        this.processKey = processKey;
    }

    @Override
    public Class<KeyMechanism.KeyRequest> getRequestType() {
        return KeyMechanism.KeyRequest.class;
    }

    @Override
    public Uni<SecurityIdentity> authenticate(KeyMechanism.KeyRequest request, AuthenticationRequestContext context) {
        if (processKey.is(request.key)) {
            return Uni.createFrom().item(processKey.account().identity());
        }
        return context.runBlocking(() -> logins.byKey(request.key).identity());
    }
}
