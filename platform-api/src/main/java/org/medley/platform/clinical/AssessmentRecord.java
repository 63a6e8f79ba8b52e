package org.medley.platform.clinical;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** An assessment as stored; {@code content} is an {@link Assessment.Computed}, {@code reasoning} a {@link Reasoning}. */
@Entity
@DynamicUpdate
@Table(name = "clinical_assessment")
class AssessmentRecord {
    @Id
    UUID id;

    @Column(name = "tenant_id", updatable = false)
    UUID tenantId;

    @Column(name = "case_id", updatable = false)
    UUID caseId;

    @Column(name = "created_by", updatable = false)
    String createdBy;

    @Column(name = "created_at", updatable = false)
    Instant createdAt;

    @Column(name = "model_id", updatable = false)
    UUID modelId;

    @JdbcTypeCode(SqlTypes.JSON)
    @Column(updatable = false)
    String content;

    @JdbcTypeCode(SqlTypes.JSON)
    String reasoning;

    @Column(name = "signed_by")
    String signedBy;

    @Column(name = "signed_at")
    Instant signedAt;

    @Column(name = "signed_note")
    String signedNote;
}
