package org.medley.platform.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.restassured.http.ContentType;
import jakarta.inject.Inject;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.platform.As;
import org.medley.platform.PlatformTest;
import org.medley.platform.Roles;
import org.medley.platform.StorageConfig;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.network.DecoderConfig;
import org.medley.runtime.network.DecoderWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.GgufFile;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.SafetensorsWriter;
import org.medley.training.tokenizer.BpeTrainer;

/** GGUF files and linked folders in the models folder, where the command line and people put them, are models like any other. */
@PlatformTest
class BroughtModelsTest {
    /** A tenant of its own: production of the first one is moved by other tests too. */
    private static final String TENANT = "files";

    private static final ObjectMapper JSON = new ObjectMapper();

    @Inject
    FolderScan scan;

    @Inject
    ModelRegistry registry;

    @Inject
    TenantFolders folders;

    @Inject
    StorageConfig storage;

    @TempDir
    Path scratch;

    private UUID tenant;
    private Path models;

    @BeforeEach
    void folder() throws Exception {
        tenant = UUID.fromString(As.in(TENANT, Roles.ADMIN).get("/api/session").path("tenant.id"));
        models = Files.createDirectories(folders.models(tenant));
    }

    /** A small random model as a GGUF file; another seed makes it another one. */
    private Path file(String name, long seed) throws Exception {
        Path folder = Files.createDirectories(scratch.resolve(name));
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add("Qwen3ForCausalLM");
        config.put("vocab_size", 320)
                .put("hidden_size", 32)
                .put("intermediate_size", 64)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 4)
                .put("num_key_value_heads", 2)
                .put("head_dim", 8)
                .put("max_position_embeddings", 64)
                .put("rms_norm_eps", 1e-6)
                .put("tie_word_embeddings", true)
                .put("eos_token_id", 0);
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        Files.writeString(folder.resolve("tokenizer.json"), BpeTrainer.train(List.of("free beds tonight"), 320));
        DecoderConfig read = DecoderConfig.read(folder.resolve("config.json"), config);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        DecoderWeights.shapes(read)
                .forEach((key, shape) -> declared.put(key, new SafetensorsWriter.Declared(DType.F32, shape)));
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofShared();
                SafetensorsWriter writer =
                        new SafetensorsWriter(folder.resolve("model.safetensors"), declared, Map.of())) {
            for (var entry : declared.entrySet()) {
                float[] values =
                        new float[Arrays.stream(entry.getValue().shape()).reduce(1, (a, b) -> a * b)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian() * 0.3f;
                }
                writer.write(
                        entry.getKey(),
                        Tensor.of(arena, values, entry.getValue().shape()));
            }
            writer.finish();
        }
        Path file = models.resolve(name + ".gguf");
        GgufExport.write(new ModelFolder(folder), file, DType.F16);
        return file;
    }

    private static List<Map<String, Object>> listed(String name) {
        return As.in(TENANT, Roles.RESEARCHER)
                .get("/api/models")
                .then()
                .statusCode(200)
                .extract()
                .path("findAll { it.name == '" + name + "' }");
    }

    @Test
    void aFileIsListedWithItsHashPutIntoProductionAndServed() throws Exception {
        Path file = file("wards-file", 1);
        GgufFile model = new GgufFile(file);
        String sha256 = model.sha256();
        scan.scan(tenant);
        scan.scan(tenant);
        List<Map<String, Object>> listed = listed("wards-file");
        assertThat(listed).hasSize(1);
        Map<String, Object> row = listed.getFirst();
        assertThat(row)
                .containsEntry("sha256", sha256)
                .containsEntry("kind", "import")
                .containsEntry("servable", true)
                .containsEntry("bytes", (int) Files.size(file));
        try (Arena arena = Arena.ofShared()) {
            long parameters = model.weights(arena).values().stream()
                    .mapToLong(Tensor::size)
                    .sum();
            assertThat(row).containsEntry("parameters", (int) parameters);
        }
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("modelId", row.get("id"), "reason", "measured better"))
                .put("/api/models/aliases/production")
                .then()
                .statusCode(200)
                .body("name", equalTo("wards-file"));
        As.in(TENANT, Roles.CLINICIAN)
                .contentType(ContentType.JSON)
                .body(Map.of("model", "production", "prompt", "free", "max_tokens", 2, "ignore_eos", true))
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .body("model", equalTo("wards-file@1"))
                .body("usage.completion_tokens", equalTo(2));
    }

    @Test
    void whatIsRegisteredStaysWhenTheFileIsReplacedOrGone() throws Exception {
        Path file = file("moved", 2);
        ServableModel first = registry.register(org.medley.platform.audit.Actor.system(tenant), registry.keep(file));
        assertThat(first.folder()).isRegularFile().isNotEqualTo(file);
        file("moved", 3);
        ServableModel second = registry.register(org.medley.platform.audit.Actor.system(tenant), registry.keep(file));
        assertThat(second.version()).isEqualTo(2);
        assertThat(second.sha256()).isNotEqualTo(first.sha256());
        Files.delete(file);
        assertThat(new GgufFile(first.folder()).sha256()).isEqualTo(first.sha256());
        assertThat(new GgufFile(second.folder()).sha256()).isEqualTo(second.sha256());
        assertThat(listed("moved"))
                .hasSize(2)
                .allMatch(row -> row.get("servable").equals(true));
        Files.delete(first.folder());
        assertThat(listed("moved").stream().filter(row -> row.get("servable").equals(false)))
                .singleElement()
                .isEqualTo(listed("moved").stream()
                        .filter(row -> row.get("sha256").equals(first.sha256()))
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void anEncoderBehindALinkIsKeptWholeAndWritesNothing() throws Exception {
        Path golden = Path.of("../model-runtime/src/test/resources/golden");
        Path folder = Files.createDirectories(scratch.resolve("encoder"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(golden.resolve("bert").resolve(name), folder.resolve(name));
        }
        Files.copy(golden.resolve("tokenizers/wordpiece.json"), folder.resolve("tokenizer.json"));
        EmbeddingSettings.Pooling.MEAN.write(folder);
        Files.createSymbolicLink(models.resolve("encoder"), folder);
        scan.scan(tenant);
        Map<String, Object> row = listed("encoder").getFirst();
        assertThat(row).containsEntry("servable", true);
        ModelFolder kept = new ModelFolder(storage.registry().resolve((String) row.get("sha256")));
        assertThat(kept.sha256()).isEqualTo(row.get("sha256"));
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("modelId", row.get("id"), "reason", "finds more"))
                .put("/api/models/aliases/production")
                .then()
                .statusCode(409)
                .body("code", equalTo("WRITES_NOTHING"));
    }

    @Test
    void whatIsNoModelIsPassedOverAndTheRestIsSeen() throws Exception {
        Path good = file("zz-good", 4);
        byte[] bytes = Files.readAllBytes(good);
        Files.write(models.resolve("cut.gguf"), Arrays.copyOf(bytes, bytes.length / 2));
        Files.writeString(models.resolve("text.gguf"), "no GGUF at all");
        Files.write(models.resolve("empty.gguf"), new byte[0]);
        Files.createDirectories(models.resolve("folder.gguf"));
        Files.copy(good, models.resolve(".hidden.gguf"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(good, models.resolve("zz-good.gguf.partial"), StandardCopyOption.REPLACE_EXISTING);
        scan.scan(tenant);
        List<String> names = As.in(TENANT, Roles.RESEARCHER).get("/api/models").path("name");
        assertThat(names)
                .contains("zz-good")
                .doesNotContain("cut", "text", "empty", "folder", ".hidden", "zz-good.gguf.partial");
    }
}
