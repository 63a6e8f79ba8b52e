package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

class QuantizedWeightsTest {
    private static final String BLOCKS =
            "{'quantization_config': {'quant_method': 'fp8', 'weight_block_size': [128, 128]}}";

    @TempDir
    Path folder;

    @AutoClose
    private final Arena arena = Arena.ofShared();

    private Tensor random(int rows, int cols) {
        SplittableRandom random = new SplittableRandom(4);
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.05f;
        }
        return Tensor.of(arena, values, rows, cols);
    }

    private ModelFolder model(String config, Map<String, Tensor> tensors) throws Exception {
        Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        tensors.forEach((name, t) -> declared.put(name, new SafetensorsWriter.Declared(t.dtype(), t.shape())));
        try (SafetensorsWriter writer =
                new SafetensorsWriter(folder.resolve("model.safetensors"), declared, Map.of())) {
            for (var entry : tensors.entrySet()) {
                writer.write(entry.getKey(), entry.getValue());
            }
            writer.finish();
        }
        return new ModelFolder(folder);
    }

    @ParameterizedTest
    @CsvSource({"F32", "BF16"})
    void blockScalesAreJoinedWithTheirWeights(DType scaleType) throws Exception {
        Tensor blocks = Formats.toFp8Blocks(random(130, 260), arena);
        Tensor factors = Formats.convert(blocks.scales().factors(), scaleType, arena);
        Map<String, Tensor> read = model(
                        BLOCKS, Map.of("a.weight", blocks, "a.weight_scale_inv", factors, "b", random(1, 3)))
                .weights(arena);
        assertThat(read).containsOnlyKeys("a.weight", "b");
        for (int i = 0; i < blocks.size(); i += 7) {
            int block = i / 260 / 128 * 3 + i % 260 / 128;
            float code = new Tensor(DType.F8_E4M3, blocks.shape(), blocks.data()).get(i);
            assertThat(read.get("a.weight").get(i)).isEqualTo(code * factors.get(block));
        }
    }

    @Test
    void oneScaleForAllAndOnePerRowAreJoined() throws Exception {
        Tensor codes = Formats.convert(random(2, 3), DType.F8_E4M3, arena);
        String config = "{'quantization_config': {'quant_method': 'compressed-tensors', 'format': 'float-quantized'}}";
        Map<String, Tensor> read = model(
                        config,
                        Map.of(
                                "a.weight",
                                codes,
                                "a.weight_scale",
                                Tensor.of(arena, new float[] {4}, 1),
                                "b.weight",
                                codes,
                                "b.weight_scale",
                                Tensor.of(arena, new float[] {2, 8}, 2, 1)))
                .weights(arena);
        assertThat(read.get("a.weight").get(5)).isEqualTo(4 * codes.get(5));
        assertThat(read.get("b.weight").get(2)).isEqualTo(2 * codes.get(2));
        assertThat(read.get("b.weight").get(3)).isEqualTo(8 * codes.get(3));
    }

    @Test
    void ownBlockFormatsGoThroughSafetensors() throws Exception {
        Tensor source = random(3, 64);
        Tensor q4 = Formats.convert(source, DType.Q4_0, arena);
        Map<String, Tensor> read = model(
                        "{'quantization_config': {'quant_method': 'medley', 'scheme': 'q4_0'}}",
                        Map.of("a.weight", q4, "b.weight", Formats.convert(source, DType.Q8, arena)))
                .weights(arena);
        assertThat(read.get("a.weight").dtype()).isEqualTo(DType.Q4_0);
        assertThat(read.get("a.weight").toArray()).containsExactly(q4.toArray());
        assertThat(read.get("b.weight").dtype()).isEqualTo(DType.Q8);
    }

    @ParameterizedTest
    @CsvSource({"NaN", "0", "-1", "Infinity"})
    void scalesThatAreNoPositiveNumbersAreRefused(float scale) throws Exception {
        Tensor codes = Formats.convert(random(2, 3), DType.F8_E4M3, arena);
        Tensor scales = Tensor.of(arena, new float[] {scale}, 1, 1);
        ModelFolder model = model(BLOCKS, Map.of("a.weight", codes, "a.weight_scale_inv", scales));
        assertThatThrownBy(() -> model.weights(arena))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("scales a.weight_scale_inv hold " + scale + " at 0");
    }

    @Test
    void scalesThatDoNotFitAreRefused() throws Exception {
        Tensor codes = Formats.convert(random(129, 3), DType.F8_E4M3, arena);
        Tensor scales = Tensor.of(arena, new float[] {1, 1, 1}, 3, 1);
        ModelFolder model = model(BLOCKS, Map.of("a.weight", codes, "a.weight_scale_inv", scales));
        assertThatThrownBy(() -> model.weights(arena))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("tensor a.weight: scales [3, 1] for blocks of 128 x 128 do not fit");
    }

    @Test
    void weightsWithoutScalesAndScalesWithoutWeightsAreRefused() throws Exception {
        Tensor codes = Formats.convert(random(2, 3), DType.F8_E4M3, arena);
        ModelFolder bare = model(BLOCKS, Map.of("a.weight", codes));
        assertThatThrownBy(() -> bare.weights(arena)).hasMessageContaining("F8_E4M3 without a.weight_scale_inv");
        ModelFolder lonely = model(BLOCKS, Map.of("a.weight_scale_inv", random(1, 1)));
        assertThatThrownBy(() -> lonely.weights(arena)).hasMessageContaining("belong to no FP8 tensor");
    }

    @ParameterizedTest
    @CsvSource({"awq", "gptq", "bitsandbytes", "''"})
    void otherSchemesAreRefusedByName(String method) throws Exception {
        ModelFolder model =
                model("{'quantization_config': {'quant_method': '" + method + "'}}", Map.of("a", random(1, 1)));
        assertThatThrownBy(() -> model.weights(arena))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("quant_method '" + method + "'");
    }
}
