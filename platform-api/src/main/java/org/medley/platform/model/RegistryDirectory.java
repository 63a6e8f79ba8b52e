package org.medley.platform.model;

import io.quarkus.arc.Arc;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.medley.platform.identity.Caller;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.api.ModelDirectory;

/**
 * What the models' API serves: the registry's models of the caller's tenant. {@code production} is the alias,
 * {@code NAME} the newest version of that name, and {@code NAME@VERSION} any.
 */
@ApplicationScoped
class RegistryDirectory implements ModelDirectory {
    private final ModelRegistry registry;
    private final TenantFolders folders;
    private final Caller caller;

    RegistryDirectory(ModelRegistry registry, TenantFolders folders, Caller caller) {
        this.registry = registry;
        this.folders = folders;
        this.caller = caller;
    }

    @Override
    public List<Entry> list() {
        Optional<UUID> tenant = tenant();
        if (tenant.isEmpty()) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        Set<String> newest = new HashSet<>();
        for (ServableModel model : registry.servable(tenant.get())) {
            String name = newest.add(model.name()) ? model.name() : versioned(model);
            entries.add(entry(name, model));
        }
        return entries;
    }

    /** An alias is answered under the version it points to, so that every answer says which model wrote it. */
    @Override
    public Optional<Entry> find(String name) {
        return tenant().flatMap(tenant -> name.equals(ModelRegistry.PRODUCTION)
                ? registry.production(tenant).map(model -> entry(versioned(model), model))
                : registry.servable(tenant).stream()
                        .filter(model -> name.equals(model.name()) || name.equals(versioned(model)))
                        .findFirst()
                        .map(model -> entry(versioned(model), model)));
    }

    /** Medley's own questions, such as whether it is ready, are about the first tenant. */
    private Optional<UUID> tenant() {
        return Arc.container().requestContext().isActive()
                ? caller.tenantIfKnown().or(folders::first)
                : folders.first();
    }

    private static Entry entry(String name, ServableModel model) {
        return new Entry(name, model.folder(), model.createdAt());
    }

    private static String versioned(ServableModel model) {
        return model.name() + "@" + model.version();
    }
}
