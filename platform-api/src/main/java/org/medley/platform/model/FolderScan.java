package org.medley.platform.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Actor;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.weights.BadModelException;

/** Registers at the start what the command line put into the models folder meanwhile. */
@ApplicationScoped
class FolderScan {
    private static final Logger LOG = Logger.getLogger(FolderScan.class);
    private static final int AFTER_THE_FIRST_USERS = 5000;

    private final ModelRegistry registry;
    private final TenantFolders folders;
    private final ObjectMapper json;

    FolderScan(ModelRegistry registry, TenantFolders folders, ObjectMapper json) {
        this.registry = registry;
        this.folders = folders;
        this.json = json;
    }

    void start(@Observes @Priority(AFTER_THE_FIRST_USERS) StartupEvent event) throws IOException {
        Optional<UUID> tenant = folders.first();
        if (tenant.isPresent()) {
            scan(tenant.get());
        }
    }

    private void scan(UUID tenant) throws IOException {
        Path models = folders.models(tenant);
        if (!Files.isDirectory(models)) {
            return;
        }
        List<Path> found;
        try (Stream<Path> all = Files.list(models)) {
            found = all.filter(folder -> !folder.getFileName().toString().startsWith("."))
                    .filter(folder -> Files.isRegularFile(folder.resolve("config.json")))
                    .sorted()
                    .toList();
        }
        for (Path folder : found) {
            try {
                if (!registry.knows(tenant, folder.getFileName().toString(), claimedHash(folder))) {
                    ServableModel model = registry.register(Actor.system(tenant), registry.keep(folder));
                    LOG.infof("registered model %s %d from %s", model.name(), model.version(), folder);
                }
            } catch (BadModelException e) {
                LOG.warnf("not registered: %s", e.getMessage());
            }
        }
    }

    private Optional<String> claimedHash(Path folder) throws IOException {
        Path lineage = folder.resolve("lineage.json");
        if (!Files.exists(lineage)) {
            return Optional.empty();
        }
        JsonNode hash = json.readTree(lineage.toFile()).path("sha256");
        return hash.isTextual() ? Optional.of(hash.asText()) : Optional.empty();
    }
}
