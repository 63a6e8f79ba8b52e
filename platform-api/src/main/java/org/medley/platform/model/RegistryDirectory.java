package org.medley.platform.model;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.identity.Caller;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.api.ModelDirectory;

/**
 * The registry as the models' API sees it: a model goes by its id, by {@code name}, which is its newest version, by
 * {@code name@version}, or by {@code production}. Only the caller's tenant's; this process itself names ids.
 */
@ApplicationScoped
class RegistryDirectory implements ModelDirectory {
    private final ModelRegistry registry;
    private final Caller caller;
    private final TenantFolders folders;

    RegistryDirectory(ModelRegistry registry, Caller caller, TenantFolders folders) {
        this.registry = registry;
        this.caller = caller;
        this.folders = folders;
    }

    @Override
    public List<Entry> list() {
        return registry.servable(caller.tenantId()).stream()
                .map(RegistryDirectory::entry)
                .toList();
    }

    private static Entry entry(ServableModel model) {
        return new Entry(model.name() + "@" + model.version(), model.folder(), Instant.EPOCH);
    }

    @Override
    public Optional<Entry> find(String name) {
        if (caller.isProcess()) {
            return uuid(name).flatMap(registry::servableById).map(RegistryDirectory::entry);
        }
        if (name.equals(ModelRegistry.PRODUCTION)) {
            return registry.production(caller.tenantId()).map(RegistryDirectory::entry);
        }
        return registry.servable(caller.tenantId()).stream()
                .filter(model -> name.equals(model.name())
                        || name.equals(model.name() + "@" + model.version())
                        || name.equals(model.id().toString()))
                .max(java.util.Comparator.comparingInt(ServableModel::version))
                .map(RegistryDirectory::entry);
    }

    private static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** What the first tenant has in production: ready means that a case can be answered. */
    @Override
    public Optional<Entry> selfTest() {
        return folders.first().flatMap(registry::production).map(RegistryDirectory::entry);
    }

    @Override
    public String tenant() {
        return caller.isProcess() ? "" : caller.tenantId().toString();
    }
}
