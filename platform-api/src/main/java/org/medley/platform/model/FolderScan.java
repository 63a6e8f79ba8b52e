package org.medley.platform.model;

import com.fasterxml.jackson.core.JsonProcessingException;
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
import org.medley.runtime.weights.ModelSource;

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

    void scan(UUID tenant) throws IOException {
        Path models = folders.models(tenant);
        if (!Files.isDirectory(models)) {
            return;
        }
        List<Path> found;
        try (Stream<Path> all = Files.list(models)) {
            found = all.filter(path -> !path.getFileName().toString().startsWith("."))
                    .filter(ModelSource::isModel)
                    .sorted()
                    .toList();
        }
        for (Path path : found) {
            try {
                if (!registry.knows(tenant, ModelSource.nameOf(path), claimedHash(path))) {
                    ServableModel model = registry.register(Actor.system(tenant), registry.keep(path));
                    LOG.infof("registered model %s %d from %s", model.name(), model.version(), path);
                }
            } catch (BadModelException e) {
                LOG.warnf("not registered: %s", e.getMessage());
            } catch (RuntimeException e) {
                // One folder must not keep the platform from starting.
                LOG.errorf(e, "not registered: model %s", path);
            }
        }
    }

    /** Of a folder that tells where it comes from; a GGUF file does not. */
    private Optional<String> claimedHash(Path path) throws IOException {
        Path lineage = path.resolve("lineage.json");
        if (!Files.exists(lineage)) {
            return Optional.empty();
        }
        try {
            JsonNode hash = json.readTree(lineage.toFile()).path("sha256");
            return hash.isTextual() ? Optional.of(hash.asText()) : Optional.empty();
        } catch (JsonProcessingException e) {
            throw new BadModelException(lineage, "is not JSON", e);
        }
    }
}
