package org.medley.platform.clinical;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** How many each case has, for cases that have any, without reading them. */
    Map<UUID, Long> countByCase(UUID tenant) {
        Map<UUID, Long> counts = new HashMap<>();
        getEntityManager()
                .createQuery(
                        "select a.caseId, count(a) from AssessmentRecord a where a.tenantId = ?1 group by a.caseId",
                        Object[].class)
                .setParameter(1, tenant)
                .getResultList()
                .forEach(row -> counts.put((UUID) row[0], (Long) row[1]));
        return counts;
    }
}
