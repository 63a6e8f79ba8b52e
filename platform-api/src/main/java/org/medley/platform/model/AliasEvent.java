package org.medley.platform.model;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

/** An alias was moved to another model. */
@Entity
@Table(name = "model_alias_event")
class AliasEvent {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    Long sequence;

    @Column(name = "tenant_id")
    UUID tenantId;

    String alias;
    Instant at;
    String actor;

    @ManyToOne
    @JoinColumn(name = "from_id")
    ModelVersion from;

    @ManyToOne
    @JoinColumn(name = "to_id")
    ModelVersion to;

    @Column(name = "is_rollback")
    boolean rollback;

    String reason;
}
