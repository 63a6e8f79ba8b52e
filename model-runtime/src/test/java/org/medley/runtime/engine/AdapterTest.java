package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.Safetensors;
import org.medley.runtime.weights.SafetensorsWriter;

/** Adapters beside the same additions merged into the weights. */
class AdapterTest {
    private static final int RANK = 3;
    private static final float ALPHA = 6;
    private static final List<String> LAYERS = List.of("0.self_attn.q_proj", "0.mlp.down_proj", "1.self_attn.o_proj");

    @TempDir
    static Path folder;

    private static CompletableFuture<Engine.Completion> ask(Engine engine, String adapter, String prompt) {
        CompletableFuture<Engine.Completion> answer = new CompletableFuture<>();
        StringBuilder text = new StringBuilder();
        Request request = new Request(engine.tokenizer().encode(prompt), SamplingParams.greedy(25), "", adapter, null);
        engine.submit(request, List.of(new TokenListener() {
            @Override
            public void text(String piece, List<Chosen> tokens) {
                text.append(piece);
            }

            @Override
            public void end(FinishReason reason, Usage usage) {
                answer.complete(new Engine.Completion(text.toString(), reason, usage));
            }

            @Override
            public void failed(RuntimeException cause) {
                answer.completeExceptionally(cause);
            }
        }));
        return answer;
    }

    /** Writes an adapter of three layers of a tiny model. */
    static Path adapter(Path path, Map<String, Tensor> base, long seed, Arena arena) throws Exception {
        Files.createDirectories(path);
        Files.writeString(path.resolve("adapter_config.json"), """
                {"peft_type": "LORA", "r": %d, "lora_alpha": %s}""".formatted(RANK, ALPHA));
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String layer : LAYERS) {
            Tensor weight = base.get("model.layers." + layer + ".weight");
            String prefix = "base_model.model.model.layers." + layer;
            tensors.put(prefix + ".lora_A.weight", random(random, arena, RANK, weight.cols()));
            tensors.put(prefix + ".lora_B.weight", random(random, arena, weight.rows(), RANK));
        }
        write(path.resolve("adapter_model.safetensors"), tensors);
        return path;
    }

    private static void write(Path file, Map<String, Tensor> tensors) throws Exception {
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, tensor.shape())));
        try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of())) {
            for (var entry : tensors.entrySet()) {
                writer.write(entry.getKey(), entry.getValue());
            }
            writer.finish();
        }
    }

    private static Tensor random(SplittableRandom random, Arena arena, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.4f;
        }
        return Tensor.of(arena, values, rows, cols);
    }

    /** The base with the adapter's products added to its weights. */
    private static Path merged(String name, ModelFolder base, Path adapter, Arena arena) throws Exception {
        Path path = TinyModel.write(folder.resolve(name), 5);
        Map<String, Tensor> tensors = new LinkedHashMap<>(base.weights(arena));
        Map<String, Tensor> deltas = Safetensors.map(adapter.resolve("adapter_model.safetensors"), arena)
                .tensors();
        for (String layer : LAYERS) {
            String weight = "model.layers." + layer + ".weight";
            Tensor a = deltas.get("base_model.model.model.layers." + layer + ".lora_A.weight");
            Tensor b = deltas.get("base_model.model.model.layers." + layer + ".lora_B.weight");
            Tensor old = tensors.get(weight);
            float[] values = old.toArray();
            for (int i = 0; i < values.length; i++) {
                for (int r = 0; r < RANK; r++) {
                    values[i] += ALPHA
                            / RANK
                            * b.get((long) i / old.cols() * RANK + r)
                            * a.get((long) r * old.cols() + i % old.cols());
                }
            }
            tensors.put(weight, Tensor.of(arena, values, old.shape()));
        }
        write(path.resolve("model.safetensors"), tensors);
        return path;
    }

    @Test
    void severalAdaptersOverOneBaseAnswerLikeTheirMergedModels() throws Exception {
        ModelFolder base = new ModelFolder(TinyModel.write(folder.resolve("base"), 5));
        try (Arena arena = Arena.ofShared();
                Engine engine = new Engine("base", base, EngineOptions.DEFAULT.withContext(128), EngineObserver.NONE)) {
            String prompt = "the same prompt for every one of them, longer than a page";
            String plain = ask(engine, null, prompt).get(30, TimeUnit.SECONDS).text();
            Map<String, String> expected = new LinkedHashMap<>();
            for (String name : List.of("first", "second")) {
                Path adapter = adapter(folder.resolve(name), base.weights(arena), name.length(), arena);
                engine.addAdapter(name, adapter).get(30, TimeUnit.SECONDS);
                Path merged = merged("merged-" + name, base, adapter, arena);
                try (Engine whole = new Engine(
                        name, new ModelFolder(merged), EngineOptions.DEFAULT.withContext(128), EngineObserver.NONE)) {
                    expected.put(
                            name,
                            ask(whole, null, prompt).get(30, TimeUnit.SECONDS).text());
                }
            }
            List<CompletableFuture<Engine.Completion>> together = List.of(
                    ask(engine, "first", prompt),
                    ask(engine, null, prompt),
                    ask(engine, "second", prompt),
                    ask(engine, "first", prompt));
            assertThat(together.get(0).get(30, TimeUnit.SECONDS).text())
                    .isEqualTo(expected.get("first"))
                    .isNotEqualTo(plain);
            assertThat(together.get(1).get(30, TimeUnit.SECONDS).text()).isEqualTo(plain);
            assertThat(together.get(2).get(30, TimeUnit.SECONDS).text())
                    .isEqualTo(expected.get("second"))
                    .isNotEqualTo(expected.get("first"));
            assertThat(together.get(3).get(30, TimeUnit.SECONDS).text()).isEqualTo(expected.get("first"));
            engine.removeAdapter("first").get(30, TimeUnit.SECONDS);
            assertThatThrownBy(() -> ask(engine, "first", prompt)).hasMessage("adapter first is not one of [second]");
        }
    }

    @Test
    void whatIsNoAdapterOfTheModelIsRefused() throws Exception {
        ModelFolder base = new ModelFolder(TinyModel.write(folder.resolve("base"), 5));
        try (Arena arena = Arena.ofShared();
                Engine engine = new Engine("base", base, EngineOptions.DEFAULT.withContext(128), EngineObserver.NONE)) {
            Path adapter = adapter(folder.resolve("odd"), base.weights(arena), 9, arena);
            write(
                    adapter.resolve("adapter_model.safetensors"),
                    Map.of(
                            "base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight",
                            Tensor.zeros(arena, RANK, 32)));
            assertThatThrownBy(() -> engine.addAdapter("odd", adapter).get(30, TimeUnit.SECONDS))
                    .hasMessageContaining("adapts a layer that the base model has not");
            Files.writeString(adapter.resolve("adapter_config.json"), "{\"peft_type\": \"IA3\"}");
            assertThatThrownBy(() -> engine.addAdapter("odd", adapter).get(30, TimeUnit.SECONDS))
                    .hasMessageContaining("is not a plain LoRA adapter");
        }
    }

    @Test
    void whatAMixtureWouldIgnoreIsRefused() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            for (String layer : List.of(
                    "model.layers.0.mlp.gate",
                    "model.layers.0.mlp.experts.1.up_proj",
                    "model.layers.1.block_sparse_moe.gate",
                    "model.layers.1.block_sparse_moe.experts.0.w2")) {
                Path path = zeros(layer, arena);
                Map<String, Tensor> base = Map.of(layer + ".weight", Tensor.zeros(arena, 16, 32));
                assertThatThrownBy(() -> Adapter.read(path, base))
                        .hasMessageContaining(layer + ".lora_")
                        .hasMessageContaining("an expert or the router of a mixture");
            }
            String single = "model.layers.0.mlp.gate_proj";
            Tensor weight = Tensor.zeros(arena, 16, 32);
            try (Adapter adapter = Adapter.read(zeros(single, arena), Map.of(single + ".weight", weight))) {
                assertThat(adapter.of(weight)).isNotNull();
            }
        }
    }

    private static Path zeros(String layer, Arena arena) throws Exception {
        Path path = Files.createDirectories(folder.resolve(layer));
        Files.writeString(path.resolve("adapter_config.json"), """
                {"peft_type": "LORA", "r": %d, "lora_alpha": %s}""".formatted(RANK, ALPHA));
        write(
                path.resolve("adapter_model.safetensors"),
                Map.of(
                        "base_model.model." + layer + ".lora_A.weight", Tensor.zeros(arena, RANK, 32),
                        "base_model.model." + layer + ".lora_B.weight", Tensor.zeros(arena, 16, RANK)));
        return path;
    }
}
