package org.medley.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The stored document, from which clients are generated, is what the application serves. */
@PlatformTest
class OpenApiTest {
    private static final Path STORED = Path.of("..", "docs", "reference", "openapi.yaml");

    @Test
    void theStoredDocumentIsUpToDate() throws IOException {
        String served =
                As.nobody().queryParam("format", "yaml").get("/q/openapi").asString();
        if (Boolean.getBoolean("medley.update.openapi")) {
            Files.createDirectories(STORED.getParent());
            Files.writeString(STORED, served);
        }
        assertThat(Files.exists(STORED) ? Files.readString(STORED) : "")
                .as("docs/reference/openapi.yaml differs from what the code says. If the change is meant, run"
                        + " ./mvnw -pl platform-api -am -Dtest=OpenApiTest -Dsurefire.failIfNoSpecifiedTests=false"
                        + " -Dmedley.update.openapi=true test, and commit the file")
                .isEqualTo(served);
    }
}
