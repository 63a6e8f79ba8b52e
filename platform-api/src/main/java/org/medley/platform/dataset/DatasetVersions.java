package org.medley.platform.dataset;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.http.ProblemException;

/** The datasets of all tenants; every look-up names the tenant. */
@ApplicationScoped
class DatasetVersions implements PanacheRepositoryBase<DatasetVersion, UUID> {
    /** By name, each one's newest version first. */
    List<DatasetVersion> of(UUID tenant) {
        return list("tenantId = ?1 order by name, version desc", tenant);
    }

    DatasetVersion of(UUID tenant, UUID id) {
        return find("id = ?1 and tenantId = ?2", id, tenant)
                .firstResultOptional()
                .orElseThrow(() -> ProblemException.notFound("dataset", id));
    }

    /** The newest first. */
    List<DatasetVersion> named(UUID tenant, String name) {
        return list("tenantId = ?1 and name = ?2 order by version desc", tenant, name);
    }

    /** The newest one that has this content. */
    Optional<DatasetVersion> withContent(UUID tenant, String name, String sha256) {
        return find("tenantId = ?1 and name = ?2 and sha256 = ?3 order by version desc", tenant, name, sha256)
                .firstResultOptional();
    }
}
