package org.medley.platform.clinical;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** A case as stored; {@code patient} is a {@link PatientCase} as JSON. */
@Entity
@Table(name = "clinical_case")
class CaseRecord {
    @Id
    UUID id;

    @Column(name = "tenant_id", updatable = false)
    UUID tenantId;

    @Column(name = "created_by", updatable = false)
    String createdBy;

    @Column(name = "created_at", updatable = false)
    Instant createdAt;

    @Column(updatable = false)
    String title;

    @JdbcTypeCode(SqlTypes.JSON)
    @Column(updatable = false)
    String patient;
}
