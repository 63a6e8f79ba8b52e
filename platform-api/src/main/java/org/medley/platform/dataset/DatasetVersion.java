package org.medley.platform.dataset;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;
import org.medley.training.data.Format;

/** A content of a dataset and what is known of it. Only that it is retired may come later. */
@Entity
@DynamicUpdate
@Table(name = "training_dataset")
class DatasetVersion {
    @Id
    UUID id;

    @Column(name = "tenant_id")
    UUID tenantId;

    String name;
    int version;
    String sha256;
    long bytes;
    int files;
    Long records;

    @Enumerated(EnumType.STRING)
    Format format;

    /** An SPDX identifier, or words. */
    String licence;

    @Enumerated(EnumType.STRING)
    @Column(name = "consent_basis")
    ConsentBasis consentBasis;

    @Column(name = "consent_note")
    String consentNote;

    @Enumerated(EnumType.STRING)
    @Column(name = "phi_class")
    PhiClass phiClass;

    @Column(name = "de_identified")
    boolean deIdentified;

    boolean clinical;
    String description;
    String kept;
    String stamp;

    @Column(name = "created_by")
    String createdBy;

    @Column(name = "created_at")
    Instant createdAt;

    @Column(name = "retired_by")
    String retiredBy;

    @Column(name = "retired_at")
    Instant retiredAt;

    String label() {
        return "dataset '" + name + "' version " + version;
    }

    /** Why nothing may be trained on it, and what to do; null if something may. */
    String objection() {
        if (retiredAt != null) {
            return label() + " is retired; name another version, or register the data again";
        }
        if (clinical && !deIdentified && phiClass != PhiClass.none) {
            return label()
                    + " is clinical and not de-identified, so nothing may be trained on it; de-identify it, put the"
                    + " new file in its place, and register that with deIdentified: true";
        }
        return null;
    }
}
