package org.medley.platform.identity;

import io.quarkus.elytron.security.common.BcryptUtil;
import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.medley.platform.Roles;
import org.medley.platform.http.ProblemException;

/** The users of all tenants; every look-up on behalf of a caller names the caller's. */
@ApplicationScoped
class Users implements PanacheRepositoryBase<User, UUID> {
    private static final int MIN_PASSWORD = 12;
    /** Bcrypt looks at no more; a longer password would be weaker than it seems. */
    private static final int MAX_PASSWORD_BYTES = 72;

    private final IdentityConfig config;

    Users(IdentityConfig config) {
        this.config = config;
    }

    Optional<User> named(String username) {
        return find("username", username).firstResultOptional();
    }

    List<User> of(UUID tenant) {
        return list("tenant.id = ?1 order by username", tenant);
    }

    User of(UUID tenant, UUID id) {
        return find("id = ?1 and tenant.id = ?2", id, tenant)
                .firstResultOptional()
                .orElseThrow(() -> ProblemException.notFound("user", id));
    }

    User add(Tenant tenant, String username, String displayName, Collection<String> roles, String password) {
        if (named(username).isPresent()) {
            throw ProblemException.conflict("USERNAME_TAKEN", "the user name '" + username + "' is taken");
        }
        User user = new User();
        user.id = UUID.randomUUID();
        user.tenant = tenant;
        user.username = username;
        user.displayName = displayName;
        user.roles = checkedRoles("roles", roles);
        user.passwordHash = hashed(password);
        user.createdAt = Instant.now();
        persist(user);
        return user;
    }

    String hashed(String password) {
        if (password.length() < MIN_PASSWORD || password.getBytes(StandardCharsets.UTF_8).length > MAX_PASSWORD_BYTES) {
            throw ProblemException.badField(
                    "password",
                    "has " + password.length() + " characters; " + MIN_PASSWORD + " or more are needed, of at most "
                            + MAX_PASSWORD_BYTES + " bytes");
        }
        return BcryptUtil.bcryptHash(password, config.bcryptCost());
    }

    /** Known roles, each once, that may go together. */
    static String[] checkedRoles(String field, Collection<String> roles) {
        TreeSet<String> all = new TreeSet<>(roles);
        for (String role : all) {
            if (!Roles.ALL.contains(role)) {
                throw ProblemException.badField(
                        field, "'" + role + "' is no role; possible: " + String.join(", ", Roles.ALL));
            }
        }
        String patients = all.stream().filter(Roles.SEES_PATIENTS::contains).collect(Collectors.joining(", "));
        if (all.contains(Roles.ADMIN) && !patients.isEmpty()) {
            throw ProblemException.badField(
                    field, "admin cannot go together with " + patients + ": administrators see no patients");
        }
        return all.toArray(String[]::new);
    }
}
