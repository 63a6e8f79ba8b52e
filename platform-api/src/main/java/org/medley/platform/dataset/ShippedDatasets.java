package org.medley.platform.dataset;

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
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Actor;
import org.medley.platform.dataset.DatasetFiles.Found;
import org.medley.platform.dataset.DatasetRegistry.Facts;
import org.medley.platform.identity.TenantFolders;

/** Registers the data that Medley comes with where it lies in the first tenant's folder: it is known to be made up. */
@ApplicationScoped
class ShippedDatasets {
    private static final Logger LOG = Logger.getLogger(ShippedDatasets.class);
    private static final int AFTER_THE_STARTER = 5200;

    private final DatasetRegistry registry;
    private final DatasetFiles files;
    private final TenantFolders folders;
    private final Optional<Path> starter;

    ShippedDatasets(
            DatasetRegistry registry,
            DatasetFiles files,
            TenantFolders folders,
            @ConfigProperty(name = "medley.starter.folder") Optional<Path> starter) {
        this.registry = registry;
        this.files = files;
        this.folders = folders;
        this.starter = starter;
    }

    void start(@Observes @Priority(AFTER_THE_STARTER) StartupEvent event) throws IOException {
        Path shipped = starter.map(folder -> folder.resolve("datasets")).orElse(null);
        Optional<UUID> tenant = folders.first();
        if (shipped == null || tenant.isEmpty() || !Files.isDirectory(shipped)) {
            return;
        }
        for (Path file : data(shipped)) {
            files.all(tenant.get()).values().stream()
                    .filter(found -> found.path().getFileName().equals(file.getFileName()))
                    .findFirst()
                    .ifPresent(found -> register(tenant.get(), found, file));
        }
    }

    private static List<Path> data(Path shipped) throws IOException {
        try (Stream<Path> all = Files.list(shipped)) {
            return all.filter(file -> file.toString().endsWith(".jsonl"))
                    .sorted()
                    .toList();
        }
    }

    /** What somebody changed is theirs to register. */
    private void register(UUID tenant, Found found, Path shipped) {
        String sha256 = files.census(shipped, null).sha256();
        if (registry.knows(tenant, found.name(), sha256)
                || !files.census(found.path(), null).sha256().equals(sha256)) {
            return;
        }
        DatasetVersion version = registry.register(
                Actor.system(tenant),
                new Facts(
                        found.name(),
                        "Apache-2.0",
                        ConsentBasis.none_needed_synthetic,
                        "",
                        PhiClass.none,
                        true,
                        false,
                        null,
                        null));
        LOG.infof("registered dataset %s %d", version.name, version.version);
    }
}
