package org.medley.platform.identity;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** What a system shows instead of a password. Of the key itself only its hash is kept. */
@Entity
@Table(name = "identity_key")
class ApiKey {
    @Id
    UUID id;

    @ManyToOne
    @JoinColumn(name = "tenant_id")
    Tenant tenant;

    String name;
    String prefix;
    String sha256;
    String[] scopes;
    Instant expires;

    @Column(name = "created_by")
    String createdBy;

    @Column(name = "created_at")
    Instant createdAt;

    @Column(name = "last_used_at")
    Instant lastUsedAt;

    Account account() {
        String called = "key:" + name;
        return new Account(id, tenant.id, tenant.name, called, name, new TreeSet<>(Set.of(scopes)), true, called);
    }
}
