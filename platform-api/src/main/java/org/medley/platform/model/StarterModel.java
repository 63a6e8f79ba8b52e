package org.medley.platform.model;

import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Actor;
import org.medley.platform.identity.TenantFolders;

/** A first tenant that has no model in production gets the one Medley comes with, as an event like any other. */
@ApplicationScoped
class StarterModel {
    private static final Logger LOG = Logger.getLogger(StarterModel.class);
    private static final int AFTER_THE_FOLDER_SCAN = 5100;

    private final ModelRegistry registry;
    private final TenantFolders folders;
    private final Optional<Path> starter;

    StarterModel(ModelRegistry registry, TenantFolders folders, StarterConfig config) {
        this.registry = registry;
        this.folders = folders;
        this.starter = config.model();
    }

    void start(@Observes @Priority(AFTER_THE_FOLDER_SCAN) StartupEvent event) {
        Optional<UUID> tenant = folders.first();
        if (tenant.isEmpty()
                || starter.isEmpty()
                || registry.production(tenant.get()).isPresent()) {
            return;
        }
        if (!Files.isDirectory(starter.get())) {
            LOG.warnf("medley.starter.model is %s, where there is no model", starter.get());
            return;
        }
        Actor actor = Actor.system(tenant.get());
        ServableModel model = registry.register(actor, registry.keep(starter.get()));
        registry.promote(actor, model.id(), "first start");
    }
}
