package org.medley.platform.clinical;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Assessments of a tenant. */
@ApplicationScoped
class Assessments implements PanacheRepositoryBase<AssessmentRecord, UUID> {
    List<AssessmentRecord> ofCase(UUID tenant, UUID caseId) {
        return list("tenantId = ?1 and caseId = ?2 order by createdAt desc", tenant, caseId);
    }

    Optional<AssessmentRecord> of(UUID tenant, UUID id) {
        return find("tenantId = ?1 and id = ?2", tenant, id).firstResultOptional();
    }
}
