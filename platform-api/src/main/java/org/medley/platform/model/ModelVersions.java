package org.medley.platform.model;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.http.ProblemException;

/** The models of all tenants; every look-up names the tenant. */
@ApplicationScoped
class ModelVersions implements PanacheRepositoryBase<ModelVersion, UUID> {
    List<ModelVersion> of(UUID tenant) {
        return list("tenantId = ?1 order by createdAt desc, name, version desc", tenant);
    }

    ModelVersion of(UUID tenant, UUID id) {
        return find("id = ?1 and tenantId = ?2", id, tenant)
                .firstResultOptional()
                .orElseThrow(() -> ProblemException.notFound("model", id));
    }

    Optional<ModelVersion> withHash(UUID tenant, String sha256) {
        return find("tenantId = ?1 and sha256 = ?2", tenant, sha256).firstResultOptional();
    }

    boolean isNamed(UUID tenant, String name) {
        return count("tenantId = ?1 and name = ?2 and folder is not null", tenant, name) > 0;
    }

    int nextVersion(UUID tenant, String name) {
        return find("tenantId = ?1 and name = ?2 order by version desc", tenant, name)
                        .firstResultOptional()
                        .map(latest -> latest.version)
                        .orElse(0)
                + 1;
    }
}
