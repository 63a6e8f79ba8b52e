package org.medley.runtime.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.engine.TinyModel;
import org.medley.runtime.weights.GgufFile;
import org.medley.runtime.weights.ModelFolder;
import picocli.CommandLine;

class ModelsCommandTest {
    @TempDir
    Path folder;

    private Path data;
    private Path source;
    private Throwable failure;

    @BeforeEach
    void model() throws Exception {
        data = folder.resolve("data");
        source = TinyModel.write(folder.resolve("tiny"), 6);
    }

    /** What a command prints; its failure is kept. */
    private String run(String... arguments) {
        PrintStream usual = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        failure = null;
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            new CommandLine(new ModelsCommand())
                    .setExecutionExceptionHandler((e, line, parsed) -> {
                        failure = e;
                        return 2;
                    })
                    .execute(arguments);
        } finally {
            System.setOut(usual);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void modelsAreImportedListedWrittenAndRemoved() throws Exception {
        String at = data.toString();
        assertThat(run("--data", at)).isEqualTo("no models in " + data.resolve("models") + System.lineSeparator());
        run("import", source.toString(), "--data", at);
        assertThat(failure).isNull();
        Path imported = data.resolve("models/tiny");
        assertThat(new ModelFolder(imported).sha256()).isEqualTo(new ModelFolder(source).sha256());

        Path gguf = folder.resolve("written.gguf");
        run("--data", at, "export", "tiny", gguf.toString(), "--format", "F16");
        assertThat(new GgufFile(gguf).config().get("hidden_size").asInt()).isEqualTo(32);
        run("import", gguf.toString(), "--name", "other", "--data", at);
        assertThat(data.resolve("models/other.gguf")).hasSameBinaryContentAs(gguf);

        Files.createDirectories(data.resolve("models/broken"));
        Files.writeString(data.resolve("models/broken/config.json"), "{}");
        String list = run("list", "--sha256", "--data", at);
        assertThat(list.lines().toList()).hasSize(3);
        assertThat(list)
                .containsPattern("broken +cannot be used: .*broken/config.json: architecture ''")
                .containsPattern("other +Qwen3 +2 layers × 32 .* MB  sha256 [0-9a-f]{12}")
                .containsPattern("tiny +Qwen3 +2 layers × 32 .* sha256 "
                        + new ModelFolder(source).sha256().substring(0, 12));

        run("import", source.toString(), "--data", at);
        assertThat(failure).hasMessageContaining("is there already");
        assertThat(run("rm", "tiny", "--data", at)).contains("removed " + imported);
        run("rm", "other", "--data", at);
        run("rm", "broken", "--data", at);
        assertThat(data.resolve("models")).isEmptyDirectory();
        run("rm", "tiny", "--data", at);
        assertThat(failure).hasMessageContaining("there is no model 'tiny'");
    }

    @Test
    void whatCannotBeReadIsNotImported() throws Exception {
        byte[] weights = Files.readAllBytes(source.resolve("model.safetensors"));
        Files.write(source.resolve("model.safetensors"), java.util.Arrays.copyOf(weights, weights.length - 1));
        run("import", source.toString(), "--data", data.toString());
        assertThat(failure).hasMessageContaining("model.safetensors: tensor model.norm.weight: offsets");
        assertThat(data).doesNotExist();
    }

    @Test
    void removingFollowsNoLinks() throws Exception {
        Path models = Files.createDirectories(data.resolve("models"));
        Files.createSymbolicLink(models.resolve("linked"), source);
        run("rm", "linked", "--data", data.toString());
        assertThat(models).isEmptyDirectory();
        assertThat(source.resolve("config.json")).exists();
        run("rm", "../tiny", "--data", models.toString());
        assertThat(failure).hasMessageContaining("'../tiny' is no model's name");
        assertThat(source.resolve("config.json")).exists();
    }
}
