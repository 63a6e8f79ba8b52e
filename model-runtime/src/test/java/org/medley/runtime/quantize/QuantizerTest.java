package org.medley.runtime.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.bench.RandomModel;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;
import org.medley.runtime.weights.SafetensorsWriter;

class QuantizerTest {
    @TempDir
    Path folder;

    private static float[] logits(ModelSource model) {
        int[] ids = new SplittableRandom(3).ints(40, 0, 257).toArray();
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            Network network = DecoderLoader.network(model, arena, 64, null);
            CpuOps ops = new CpuOps(workspace, CpuWeights.of(network.matrices().values(), arena));
            Batch batch = Batch.of(ids, List.of(new Batch.Span(0, ids.length)), null);
            return network.logits(ops, batch, IntStream.range(0, ids.length).toArray())
                    .toArray();
        }
    }

    private static double distance(float[] a, float[] b) {
        double off = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            off += (a[i] - b[i]) * (double) (a[i] - b[i]);
            size += a[i] * (double) a[i];
        }
        return Math.sqrt(off / size);
    }

    private ModelFolder model(String name) throws Exception {
        RandomModel.write(folder.resolve(name), RandomModel.Shape.TINY, DType.F32, 5);
        return new ModelFolder(folder.resolve(name));
    }

    @ParameterizedTest
    @EnumSource(Scheme.class)
    void aSmallerModelIsReadAgainAndAnswersNearly(Scheme scheme) throws Exception {
        ModelFolder model = model("plain");
        Path target = folder.resolve("small");
        new Quantizer(model, scheme).write(target, null);
        ModelFolder small = new ModelFolder(target);
        double share = (double) small.bytes() / model.bytes();
        double off = distance(logits(model), logits(small));
        switch (scheme) {
            case Q8 -> {
                assertThat(share).isCloseTo(34 / 128.0, within(0.01));
                assertThat(off).isBetween(1e-4, 0.02);
            }
            case Q4 -> {
                assertThat(share).isBetween(18 / 128.0, 0.22);
                assertThat(off).isBetween(1e-3, 0.3);
            }
            case FP8 -> {
                assertThat(share).isCloseTo(0.26, within(0.015));
                assertThat(off).isBetween(1e-3, 0.1);
            }
        }
        assertThatThrownBy(() -> new Quantizer(model, scheme).write(target, null))
                .hasMessageContaining("exists; remove it");
        if (scheme != Scheme.FP8) {
            Path gguf = folder.resolve("small.gguf");
            GgufExport.write(small, gguf, null);
            assertThat(distance(logits(small), logits(ModelSource.of(gguf)))).isLessThan(1e-5);
        }
    }

    /** A model in which few columns meet activations thirty times as large as the others, as trained ones do. */
    private ModelFolder uneven() throws Exception {
        ModelFolder plain = model("uneven");
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> tensors = new TreeMap<>(plain.weights(arena));
            tensors.replaceAll((name, tensor) -> {
                float[] values = tensor.toArray();
                for (int i = 0; i < values.length && name.contains("layernorm"); i++) {
                    values[i] = i % 17 == 3 ? 30 : 1;
                }
                return Tensor.of(arena, values, tensor.shape());
            });
            Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
            tensors.forEach((name, t) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, t.shape())));
            Path file = plain.path().resolve("new.safetensors");
            try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of())) {
                for (var entry : tensors.entrySet()) {
                    writer.write(entry.getKey(), entry.getValue());
                }
                writer.finish();
            }
            Files.move(file, plain.path().resolve("model.safetensors"), StandardCopyOption.REPLACE_EXISTING);
        }
        return plain;
    }

    @Test
    void lookingAtActivationsLosesLessThanRoundingToNearest() throws Exception {
        ModelFolder model = uneven();
        int[] text = new SplittableRandom(8).ints(600, 0, 257).toArray();
        new Quantizer(model, Scheme.Q4).write(folder.resolve("nearest"), null);
        String how = new Quantizer(model, Scheme.Q4).write(folder.resolve("aware"), text);
        float[] exact = logits(model);
        double nearest = distance(exact, logits(new ModelFolder(folder.resolve("nearest"))));
        double aware = distance(exact, logits(new ModelFolder(folder.resolve("aware"))));
        assertThat(how).startsWith("activation-aware, mean exponent 0.");
        assertThat(aware).isLessThan(0.8 * nearest);
    }

    @Test
    void perplexityIsTheVocabularyForAModelThatKnowsNothing() throws Exception {
        ModelFolder model = model("knows-nothing");
        try (Arena arena = Arena.ofShared()) {
            Network network = DecoderLoader.network(model, arena, 64, null);
            int[] text = new SplittableRandom(4).ints(640, 0, 512).toArray();
            Perplexity.Result result = Perplexity.of(network, text, 64, done -> {});
            assertThat(result.tokens()).isEqualTo(10 * 31);
            assertThat(result.perplexity()).isCloseTo(512, within(60.0));
            assertThatThrownBy(() -> Perplexity.of(network, new int[10], 64, done -> {}))
                    .hasMessageContaining("a text of 10 tokens has no window of 64");
        }
    }
}
