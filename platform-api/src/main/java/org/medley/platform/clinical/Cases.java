package org.medley.platform.clinical;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Cases of a tenant. */
@ApplicationScoped
class Cases implements PanacheRepositoryBase<CaseRecord, UUID> {
    private static final int PAGE = 200;

    List<CaseRecord> newest(UUID tenant) {
        return find("tenantId = ?1 order by createdAt desc", tenant)
                .page(0, PAGE)
                .list();
    }

    Optional<CaseRecord> of(UUID tenant, UUID id) {
        return find("tenantId = ?1 and id = ?2", tenant, id).firstResultOptional();
    }
}
