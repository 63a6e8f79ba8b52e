package org.medley.platform.model;

import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Actor;
import org.medley.platform.identity.TenantFolders;

/**
 * A first tenant that never had a model in production gets the one Medley comes with and the data to try training on:
 * as files in its folders, a registered version and an event, like any other.
 */
@ApplicationScoped
class Starter {
    private static final Logger LOG = Logger.getLogger(Starter.class);
    private static final String NAME = "starter";
    private static final int BEFORE_THE_FOLDER_SCAN = 4900;
    private static final int AFTER_THE_FOLDER_SCAN = 5100;

    private final ModelRegistry registry;
    private final TenantFolders folders;
    private final Optional<Path> source;

    Starter(ModelRegistry registry, TenantFolders folders, StarterConfig config) {
        this.registry = registry;
        this.folders = folders;
        this.source = config.folder();
    }

    /** The tenant that is to begin with the starter. */
    private Optional<UUID> beginner() {
        return folders.first().filter(tenant -> registry.production(tenant).isEmpty());
    }

    void install(@Observes @Priority(BEFORE_THE_FOLDER_SCAN) StartupEvent event) throws IOException {
        Optional<UUID> tenant = beginner();
        if (tenant.isEmpty() || source.isEmpty()) {
            return;
        }
        if (!Files.isDirectory(source.get().resolve("model"))) {
            LOG.warnf("medley.starter.folder is %s, where there is no folder 'model'", source.get());
            return;
        }
        copy(source.get().resolve("model"), folders.models(tenant.get()).resolve(NAME));
        Path samples = source.get().resolve("datasets");
        if (Files.isDirectory(samples)) {
            Path datasets = Files.createDirectories(folders.datasets(tenant.get()));
            for (Path file : files(samples)) {
                Path target = datasets.resolve(file.getFileName());
                if (!Files.exists(target)) {
                    Files.copy(file, target);
                }
            }
        }
    }

    /** Whole or not at all: the folder gets its name when everything is in it. */
    private static void copy(Path from, Path to) throws IOException {
        if (Files.exists(to)) {
            return;
        }
        Files.createDirectories(to.getParent());
        Path partial = Files.createTempDirectory(to.getParent(), "." + NAME);
        for (Path file : files(from)) {
            Files.copy(file, partial.resolve(file.getFileName()));
        }
        Files.move(partial, to, StandardCopyOption.ATOMIC_MOVE);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    void promote(@Observes @Priority(AFTER_THE_FOLDER_SCAN) StartupEvent event) {
        Optional<UUID> tenant = source.isEmpty() ? Optional.empty() : beginner();
        tenant.ifPresent(id -> registry.servable(id).stream()
                .filter(model -> model.name().equals(NAME))
                .findFirst()
                .ifPresent(model -> registry.promote(Actor.system(id), model.id(), "first start")));
    }
}
