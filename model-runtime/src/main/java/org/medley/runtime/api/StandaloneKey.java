package org.medley.runtime.api;

import io.quarkus.arc.properties.IfBuildProperty;
import io.quarkus.security.UnauthorizedException;
import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.request.AuthenticationRequest;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;

/**
 * The bearer key of a runtime that runs by itself, {@code medley.runtime.api-key}. Without one configured nobody is let
 * in. Inside the platform its identities are used instead and this class is absent.
 */
@ApplicationScoped
@IfBuildProperty(name = "medley.runtime.standalone", stringValue = "true")
class StandaloneKey implements HttpAuthenticationMechanism {
    private static final String SCHEME = "Bearer ";

    private final Optional<String> key;

    StandaloneKey(RuntimeConfig config) {
        this.key = config.apiKey();
    }

    @Override
    public Uni<SecurityIdentity> authenticate(RoutingContext context, IdentityProviderManager identities) {
        String header = context.request().getHeader("Authorization");
        if (header == null || !header.startsWith(SCHEME) || key.isEmpty()) {
            return Uni.createFrom().nullItem();
        }
        byte[] given = header.substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(given, key.get().getBytes(StandardCharsets.UTF_8))) {
            return Uni.createFrom().nullItem();
        }
        return Uni.createFrom()
                .item(QuarkusSecurityIdentity.builder()
                        .setPrincipal(new QuarkusPrincipal("runtime-key"))
                        .addRole("integrator")
                        .build());
    }

    @Override
    public Uni<ChallengeData> getChallenge(RoutingContext context) {
        return Uni.createFrom().item(new ChallengeData(401, "WWW-Authenticate", "Bearer"));
    }

    @Override
    public Set<Class<? extends AuthenticationRequest>> getCredentialTypes() {
        return Set.of();
    }

    /** Says so to who comes without the key, in the shape of the API asked. */
    @Provider
    @IfBuildProperty(name = "medley.runtime.standalone", stringValue = "true")
    static final class Refused implements ExceptionMapper<UnauthorizedException> {
        @Context
        private UriInfo uri;

        @Override
        public Response toResponse(UnauthorizedException e) {
            return Response.status(401)
                    .header("WWW-Authenticate", "Bearer")
                    .type(MediaType.APPLICATION_JSON_TYPE)
                    .entity(Refusals.body(
                            uri.getPath(), 401, "needs the key of medley.runtime.api-key: Authorization: Bearer KEY"))
                    .build();
        }
    }
}
