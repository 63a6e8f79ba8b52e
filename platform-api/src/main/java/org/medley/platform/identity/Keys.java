package org.medley.platform.identity;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.database.Secrets;
import org.medley.platform.http.ProblemException;

/** The API keys of all tenants. */
@ApplicationScoped
class Keys implements PanacheRepositoryBase<ApiKey, UUID> {
    static final String PREFIX = "mdl_";

    private static final int BYTES = 32;
    private static final int SHOWN = PREFIX.length() + 6;
    private static final Duration USE_NOTED_EVERY = Duration.ofMinutes(1);

    /** A key at the only moment it is known whole. */
    record Issued(ApiKey key, String secret) {}

    List<ApiKey> of(UUID tenant) {
        return list("tenant.id = ?1 order by name", tenant);
    }

    ApiKey of(UUID tenant, UUID id) {
        return find("id = ?1 and tenant.id = ?2", id, tenant)
                .firstResultOptional()
                .orElseThrow(() -> ProblemException.notFound("API key", id));
    }

    Issued issue(Tenant tenant, String name, Collection<String> scopes, Instant expires, String createdBy) {
        if (!expires.isAfter(Instant.now())) {
            throw ProblemException.badField("expires", "is " + expires + ", which is past");
        }
        if (count("tenant.id = ?1 and name = ?2", tenant.id, name) > 0) {
            throw ProblemException.conflict("NAME_TAKEN", "there is an API key named '" + name + "' already");
        }
        String secret = PREFIX + Secrets.random(BYTES);
        ApiKey key = new ApiKey();
        key.id = UUID.randomUUID();
        key.tenant = tenant;
        key.name = name;
        key.prefix = secret.substring(0, SHOWN);
        key.sha256 = sha256(secret);
        key.scopes = Users.checkedRoles("scopes", scopes);
        key.expires = expires;
        key.createdBy = createdBy;
        key.createdAt = Instant.now();
        persist(key);
        return new Issued(key, secret);
    }

    /** The account of a valid key; notes that it was used, but not at every request. */
    Optional<Account> accountOf(String secret) {
        Instant now = Instant.now();
        Optional<ApiKey> key =
                find("sha256", sha256(secret)).firstResultOptional().filter(found -> now.isBefore(found.expires));
        key.filter(found -> found.lastUsedAt == null || found.lastUsedAt.isBefore(now.minus(USE_NOTED_EVERY)))
                .ifPresent(found -> found.lastUsedAt = now);
        return key.map(ApiKey::account);
    }

    private static String sha256(String secret) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }
}
