package org.medley.platform.identity;

import io.quarkus.security.Authenticated;
import io.quarkus.vertx.http.runtime.security.FormAuthenticationMechanism;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Set;
import java.util.UUID;

/** Who I am. The login itself is form authentication's, at {@code POST /api/session/login}. */
@Path("/api/session")
@Produces(MediaType.APPLICATION_JSON)
@Authenticated
public class SessionResource {
    private final Caller caller;
    private final Logins logins;

    SessionResource(Caller caller, Logins logins) {
        this.caller = caller;
        this.logins = logins;
    }

    record SessionView(String username, String displayName, TenantView tenant, Set<String> roles) {}

    record TenantView(UUID id, String name) {}

    @GET
    public SessionView session() {
        return new SessionView(
                caller.name(),
                caller.displayName(),
                new TenantView(caller.tenantId(), caller.tenantName()),
                caller.roles());
    }

    @DELETE
    public void logout(RoutingContext context) {
        logins.logout(caller);
        if (!caller.isKey()) {
            FormAuthenticationMechanism.logout(context);
        }
    }
}
