package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

class GgufFileTest {
    @TempDir
    Path folder;

    @AutoClose
    private final Arena arena = Arena.ofShared();

    private float[] logits(ModelSource model) {
        int[] ids = {3, 17, 5, 44, 9, 23, 60, 1};
        int[] positions = IntStream.range(0, ids.length).toArray();
        try (Workspace workspace = new Workspace()) {
            Decoder decoder = DecoderLoader.load(model, arena, 64, null);
            Batch batch = new Batch(ids, positions, java.util.List.of(new Batch.Span(0, ids.length)));
            CpuOps ops = new CpuOps(workspace, CpuWeights.of(decoder.matrices().values(), arena));
            return decoder.logits(ops, batch, positions).toArray();
        }
    }

    private ModelFolder withTokenizer(String golden) throws Exception {
        Path source = Path.of("src/test/resources/golden", golden);
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(source.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.copy(
                Path.of("src/test/resources/golden/tokenizers/llama3.json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        return new ModelFolder(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3-scaled", "qwen2-tied", "qwen3"})
    void aWrittenFileAnswersAsTheFolderDoes(String golden) throws Exception {
        ModelFolder model = withTokenizer(golden);
        Path file = folder.resolve("model.gguf");
        GgufExport.write(model, file, DType.F32);
        assertThat(logits(ModelSource.of(file))).containsExactly(logits(model));
    }

    /** model.gguf is the gguf package's (src/test/golden/make_gguf_golden.py). */
    @Test
    void aFileOfLlamaCppsMakingAnswersAsTheFolderDoes() {
        Path golden = Path.of("src/test/resources/golden/llama3-scaled");
        GgufFile file = new GgufFile(golden.resolve("model.gguf"));
        JsonNode scaling = file.config().get("rope_scaling");
        assertThat(scaling).isEqualTo(new ModelFolder(golden).config().get("rope_scaling"));
        assertThat(logits(file)).containsExactly(logits(new ModelFolder(golden)));
    }

    @ParameterizedTest
    @EnumSource(GgufFamily.class)
    void everyFamilyComesBackWithItsWeightsAndConfiguration(GgufFamily family) throws Exception {
        ModelFolder model = RandomModel.write(folder, family, 11);
        Path target = folder.resolve("model.gguf");
        GgufExport.write(model, target, DType.F32);
        GgufFile file = new GgufFile(target);
        JsonNode config = file.config();
        model.config()
                .properties()
                .forEach(field -> assertThat(config.get(field.getKey()))
                        .as(field.getKey())
                        .isEqualTo(field.getValue()));
        Map<String, Tensor> expected = model.weights(arena);
        Map<String, Tensor> got = file.weights(arena);
        assertThat(got.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, tensor) -> {
            assertThat(got.get(name).shape()).as(name).containsExactly(tensor.shape());
            float[] values = tensor.toArray();
            float[] read = got.get(name).toArray();
            float furthest = 0;
            for (int i = 0; i < values.length; i++) {
                furthest = Math.max(furthest, Math.abs(read[i] - values[i]));
            }
            assertThat(furthest).as(name).isLessThanOrEqualTo(2e-7f);
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8", "Q4_0", "F16", "BF16"})
    void quantizedRowsArePermutedWithoutRequantizing(DType format) throws Exception {
        ModelFolder model = RandomModel.write(folder, GgufFamily.LLAMA, 12);
        Path target = folder.resolve("model.gguf");
        GgufExport.write(model, target, format);
        Map<String, Tensor> got = new GgufFile(target).weights(arena);
        model.weights(arena).forEach((name, tensor) -> {
            boolean vector = tensor.shape().length == 1;
            Tensor expected = vector ? tensor : Formats.convert(tensor, format, arena);
            assertThat(got.get(name).dtype()).isEqualTo(expected.dtype());
            assertThat(got.get(name).toArray()).as(name).containsExactly(expected.toArray());
        });
    }

    @Test
    void aFileIsAsGoodAModelAsAFolder() throws Exception {
        ModelFolder model = RandomModel.write(folder, GgufFamily.QWEN2, 13);
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\": {\"content\": \"<|begin|>\"}, \"eos_token\": \"<|finish|>\", \"chat_template\": \"{{x}}\"}");
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [1, 7]}");
        Path target = folder.resolve("model.gguf");
        GgufExport.write(model, target, DType.F16);
        ModelSource file = ModelSource.of(target);
        assertThat(ModelSource.isModel(target)).isTrue();
        assertThat(model.config().get("eos_token_id")).hasToString("[1,7]");
        assertThat(file.config().get("eos_token_id")).hasToString("[1,7]");
        assertThat(model.specialTokens()).isEqualTo(new ModelSource.SpecialTokens("<|begin|>", "<|finish|>"));
        assertThat(file.chatTemplate()).isEqualTo("{{x}}");
        assertThat(file.bytes()).isEqualTo(Files.size(target));
        assertThat(file.sha256()).matches("[0-9a-f]{64}").isNotEqualTo(model.sha256());
    }
}
