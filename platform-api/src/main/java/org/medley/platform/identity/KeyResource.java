package org.medley.platform.identity;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.annotation.security.RolesAllowed;
import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.medley.platform.Roles;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;

/** The API keys of the caller's tenant. */
@Path("/api/keys")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
public class KeyResource {
    private final Keys keys;
    private final Tenants tenants;
    private final Caller caller;
    private final AuditTrail audit;

    KeyResource(Keys keys, Tenants tenants, Caller caller, AuditTrail audit) {
        this.keys = keys;
        this.tenants = tenants;
        this.caller = caller;
        this.audit = audit;
    }

    /**
     * @param scopes the roles the key may act in
     */
    record NewKey(
            @NotBlank @Size(max = 100) String name,
            @NotEmpty List<@NotNull String> scopes,
            @NotNull Instant expires) {}

    /** @param key the key itself, in the answer to its creation and never again */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record KeyView(
            UUID id,
            String name,
            String prefix,
            List<String> scopes,
            Instant expires,
            String createdBy,
            Instant createdAt,
            Instant lastUsedAt,
            String key) {
        static KeyView of(ApiKey key, String secret) {
            return new KeyView(
                    key.id,
                    key.name,
                    key.prefix,
                    List.of(key.scopes),
                    key.expires,
                    key.createdBy,
                    key.createdAt,
                    key.lastUsedAt,
                    secret);
        }
    }

    @GET
    public List<KeyView> list() {
        return keys.of(caller.tenantId()).stream()
                .map(key -> KeyView.of(key, null))
                .toList();
    }

    @POST
    @ResponseStatus(201)
    @APIResponseSchema(value = KeyView.class, responseCode = "201")
    @Transactional
    public KeyView create(@NotNull @Valid NewKey wanted) {
        Keys.Issued issued = keys.issue(
                tenants.findById(caller.tenantId()), wanted.name, wanted.scopes, wanted.expires, caller.name());
        keys.flush();
        audit.record(
                "identity.key.create",
                "key/" + issued.key().id,
                Outcome.success,
                Map.of("name", wanted.name, "scopes", wanted.scopes, "expires", wanted.expires.toString()));
        return KeyView.of(issued.key(), issued.secret());
    }

    @DELETE
    @Path("/{id}")
    @Transactional
    public void delete(@RestPath UUID id) {
        ApiKey key = keys.of(caller.tenantId(), id);
        keys.delete(key);
        keys.flush();
        audit.record("identity.key.delete", "key/" + id, Outcome.success, Map.of("name", key.name));
    }
}
