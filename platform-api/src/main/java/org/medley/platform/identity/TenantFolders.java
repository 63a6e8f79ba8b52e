package org.medley.platform.identity;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.StorageConfig;

/**
 * Where a tenant's models and datasets lie. The first tenant has the data folder itself, where the command line works
 * too; every other one a folder of its own, so that no recipe reaches what belongs to somebody else.
 */
@ApplicationScoped
public class TenantFolders {
    private final Tenants tenants;
    private final StorageConfig storage;

    TenantFolders(Tenants tenants, StorageConfig storage) {
        this.tenants = tenants;
        this.storage = storage;
    }

    /** The tenant of the data folder itself; empty before the first start made one. */
    @Transactional
    public Optional<UUID> first() {
        return tenants.find("order by createdAt, id").firstResultOptional().map(tenant -> tenant.id);
    }

    public Path models(UUID tenant) {
        return home(tenant).resolve("models");
    }

    /** JSONL files, and beside each what a person should know of it, as NAME.md. */
    public Path datasets(UUID tenant) {
        return home(tenant).resolve("datasets");
    }

    private Path home(UUID tenant) {
        return first().filter(tenant::equals).isPresent()
                ? storage.data()
                : storage.data().resolve("tenants").resolve(tenant.toString());
    }
}
