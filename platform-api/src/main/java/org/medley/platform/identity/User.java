package org.medley.platform.identity;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** A person who logs in. */
@Entity
@Table(name = "identity_user")
class User {
    @Id
    UUID id;

    @ManyToOne
    @JoinColumn(name = "tenant_id")
    Tenant tenant;

    String username;

    @Column(name = "display_name")
    String displayName;

    @Column(name = "password_hash")
    String passwordHash;

    String[] roles;

    boolean disabled;

    /** Raised to end every session of this user. */
    long epoch;

    int failures;

    @Column(name = "locked_until")
    Instant lockedUntil;

    @Column(name = "created_at")
    Instant createdAt;

    @Version
    int version;

    boolean isLocked(Instant now) {
        return lockedUntil != null && now.isBefore(lockedUntil);
    }

    Account account() {
        return new Account(
                id,
                tenant.id,
                tenant.name,
                username,
                displayName,
                new TreeSet<>(Set.of(roles)),
                false,
                id + "." + epoch);
    }
}
