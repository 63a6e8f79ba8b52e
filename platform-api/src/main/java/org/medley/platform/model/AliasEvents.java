package org.medley.platform.model;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Every move of every alias. */
@ApplicationScoped
class AliasEvents implements PanacheRepositoryBase<AliasEvent, Long> {
    /** In the order in which they happened. */
    List<AliasEvent> of(UUID tenant, String alias) {
        return list("tenantId = ?1 and alias = ?2 order by sequence", tenant, alias);
    }

    Optional<ModelVersion> current(UUID tenant, String alias) {
        return find("tenantId = ?1 and alias = ?2 order by sequence desc", tenant, alias)
                .firstResultOptional()
                .map(event -> event.to);
    }
}
