package org.medley.platform.identity;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.UUID;

/** The tenants of this installation. */
@ApplicationScoped
class Tenants implements PanacheRepositoryBase<Tenant, UUID> {
    Tenant named(String name) {
        return find("name", name).firstResultOptional().orElseGet(() -> {
            Tenant tenant = new Tenant();
            tenant.id = UUID.randomUUID();
            tenant.name = name;
            tenant.createdAt = Instant.now();
            persist(tenant);
            return tenant;
        });
    }
}
