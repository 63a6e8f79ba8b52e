package org.medley.training.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the yardstick is asked, and how its answer is read, with a shell in Python's place. */
class TorchTest {
    private static final Shape SHAPE = new Shape(64, 32, 48, 1, 4, 2, 8, 16, 1);

    @TempDir
    private Path folder;

    private Path python(String script) throws IOException {
        Path file = folder.resolve("python");
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @Test
    void theScriptIsGivenTheShapeAndAnswersInItsLastLine() throws IOException {
        Path asked = folder.resolve("asked");
        Path python =
                python("grep -c torch \"$1\" > /dev/null || exit 3\nprintf '%s\\n' \"$2\" \"$3\" \"$4\" \"$5\" > '"
                        + asked + "'\necho warms up\necho '{\"seconds\": 0.25, \"bytes\": 7, \"loss\": 1.5}'");
        Torch.Measured found = Torch.measure(python, SHAPE, 4, 20, true);
        assertThat(found).isEqualTo(new Torch.Measured(0.25, 7, 1.5));
        List<String> lines = Files.readAllLines(asked);
        assertThat(lines.subList(1, 4)).containsExactly("4", "20", "true");
        JsonNode shape = new ObjectMapper().readTree(lines.getFirst());
        for (String key : List.of("vocabulary", "hidden", "intermediate", "layers", "heads", "kvHeads", "headSize")) {
            assertThat(shape.path(key).isInt()).as(key).isTrue();
        }
        assertThat(shape.path("sequence").asInt()).isEqualTo(16);
        assertThat(shape.path("sequences").asInt()).isEqualTo(1);
    }

    @Test
    void aScriptThatFailsIsToldWithItsLastLine() throws IOException {
        Path python = python("echo there is no device; exit 1");
        assertThatThrownBy(() -> Torch.measure(python, SHAPE, 4, 20, false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no device");
    }
}
