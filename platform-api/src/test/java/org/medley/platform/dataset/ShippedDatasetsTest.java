package org.medley.platform.dataset;

import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.platform.As;
import org.medley.platform.Platform;
import org.medley.platform.PlatformTest;
import org.medley.platform.Roles;
import org.medley.platform.identity.TenantFolders;

/** What a first start does with the data that Medley comes with. */
@PlatformTest
class ShippedDatasetsTest {
    private static final String LINE = "{\"text\": \"A vignette, made up.\"}\n";

    @Inject
    DatasetRegistry registry;

    @Inject
    DatasetFiles files;

    @Inject
    TenantFolders folders;

    @TempDir
    Path starter;

    @AfterEach
    void removeFiles() throws Exception {
        for (String name : new String[] {"shipped", "changed"}) {
            Files.deleteIfExists(Platform.data().resolve("datasets").resolve(name + ".jsonl"));
        }
    }

    @Test
    void whatIsShippedIsRegisteredOnceAsMadeUpAndWhatSomebodyChangedIsLeftAlone() throws Exception {
        Path shipped = Files.createDirectories(starter.resolve("datasets"));
        Path folder = Files.createDirectories(Platform.data().resolve("datasets"));
        for (String name : new String[] {"shipped", "changed", "elsewhere"}) {
            Files.writeString(shipped.resolve(name + ".jsonl"), LINE + name(name));
        }
        Files.writeString(folder.resolve("shipped.jsonl"), LINE + name("shipped"));
        Files.writeString(folder.resolve("changed.jsonl"), LINE + name("by somebody"));
        ShippedDatasets datasets = new ShippedDatasets(registry, files, folders, Optional.of(starter));
        datasets.start(null);
        datasets.start(null);
        As.role(Roles.ADMIN)
                .get("/api/training/datasets")
                .then()
                .body("find { it.name == 'shipped' }.versions", hasSize(1))
                .body("find { it.name == 'shipped' }.versions[0].consentBasis", equalTo("none_needed_synthetic"))
                .body("find { it.name == 'shipped' }.versions[0].createdBy", equalTo("system"))
                .body("find { it.name == 'changed' }.place", equalTo("unregistered"))
                .body("findAll { it.name == 'elsewhere' }", hasSize(0));
        new ShippedDatasets(registry, files, folders, Optional.empty()).start(null);
    }

    private static String name(String text) {
        return "{\"text\": \"" + text + "\"}\n";
    }
}
