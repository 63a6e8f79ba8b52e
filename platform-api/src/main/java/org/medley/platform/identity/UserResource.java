package org.medley.platform.identity;

import jakarta.annotation.security.RolesAllowed;
import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.medley.platform.Roles;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.http.ProblemException;

/** The users of the caller's tenant. */
@Path("/api/users")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
public class UserResource {
    private static final int MAX_NAME = 100;

    private final Users users;
    private final Tenants tenants;
    private final Caller caller;
    private final AuditTrail audit;

    UserResource(Users users, Tenants tenants, Caller caller, AuditTrail audit) {
        this.users = users;
        this.tenants = tenants;
        this.caller = caller;
        this.audit = audit;
    }

    record NewUser(
            @NotNull
            @Pattern(
                    regexp = "[a-z0-9][a-z0-9._-]{1,62}",
                    message = "must be 2 to 63 of a-z 0-9 . _ - and begin with a letter or digit")
            String username,

            @NotBlank @Size(max = MAX_NAME) String displayName,
            @NotEmpty List<@NotNull String> roles,
            @NotNull String password) {}

    /** What is to change; what is absent stays. */
    record UserChange(
            @Size(min = 1, max = MAX_NAME) String displayName,
            @Size(min = 1) List<@NotNull String> roles,
            Boolean disabled,
            String password) {}

    record UserView(
            UUID id, String username, String displayName, List<String> roles, boolean disabled, Instant createdAt) {
        static UserView of(User user) {
            return new UserView(
                    user.id, user.username, user.displayName, List.of(user.roles), user.disabled, user.createdAt);
        }
    }

    @GET
    public List<UserView> list() {
        return users.of(caller.tenantId()).stream().map(UserView::of).toList();
    }

    @POST
    @ResponseStatus(201)
    @APIResponseSchema(value = UserView.class, responseCode = "201")
    @Transactional
    public UserView create(@NotNull @Valid NewUser wanted) {
        User user = users.add(
                tenants.findById(caller.tenantId()),
                wanted.username,
                wanted.displayName,
                wanted.roles,
                wanted.password);
        users.flush();
        audit.record(
                "identity.user.create",
                "user/" + user.id,
                Outcome.success,
                Map.of("username", user.username, "roles", List.of(user.roles)));
        return UserView.of(user);
    }

    /** Whatever changes what a user may do, or how they show who they are, ends their sessions. */
    @PATCH
    @Path("/{id}")
    @Transactional
    public UserView change(@RestPath UUID id, @NotNull @Valid UserChange change) {
        User user = users.of(caller.tenantId(), id);
        List<String> changed = new ArrayList<>();
        if (change.displayName != null) {
            user.displayName = change.displayName;
            changed.add("displayName");
        }
        if (change.roles != null) {
            user.roles = Users.checkedRoles("roles", change.roles);
            changed.add("roles");
        }
        if (change.disabled != null) {
            if (change.disabled && user.id.equals(caller.id())) {
                throw ProblemException.badField("disabled", "is true for yourself; another administrator can do that");
            }
            user.disabled = change.disabled;
            changed.add("disabled");
        }
        if (change.password != null) {
            user.passwordHash = users.hashed(change.password);
            user.failures = 0;
            user.lockedUntil = null;
            changed.add("password");
        }
        if (!changed.equals(List.of("displayName"))) {
            user.epoch++;
        }
        users.flush();
        audit.record(
                "identity.user.change",
                "user/" + user.id,
                Outcome.success,
                Map.of("changed", changed, "roles", List.of(user.roles), "disabled", user.disabled));
        return UserView.of(user);
    }
}
