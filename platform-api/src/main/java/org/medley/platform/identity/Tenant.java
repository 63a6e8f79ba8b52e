package org.medley.platform.identity;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

/** A hospital or a faculty. */
@Entity
@Table(name = "identity_tenant")
class Tenant {
    @Id
    UUID id;

    String name;

    @Column(name = "created_at")
    Instant createdAt;
}
