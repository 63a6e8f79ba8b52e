package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** Small random models of every family as Hugging Face folders. */
final class RandomModel {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int HIDDEN = 64;
    private static final int INNER = 96;
    private static final int VOCABULARY = 1200;

    private final GgufFamily family;
    /** llama.cpp computes with Gemma's published depths only. */
    private final int layers;

    private final ObjectNode config = JSON.createObjectNode();
    private final Map<String, int[]> shapes = new LinkedHashMap<>();

    private RandomModel(GgufFamily family) {
        this.family = family;
        this.layers = family.normsWithOne() ? 26 : 2;
    }

    /** Writes the folder, its tokenizer one of those under {@code golden/tokenizers}. */
    static ModelFolder write(Path folder, GgufFamily family, long seed) throws Exception {
        Files.createDirectories(folder);
        RandomModel model = new RandomModel(family);
        model.describe();
        JSON.writeValue(folder.resolve("config.json").toFile(), model.config);
        String kind = family == GgufFamily.BERT ? "wordpiece" : family.normsWithOne() ? "spm-no-prefix" : "llama3";
        Files.copy(
                Path.of("src/test/resources/golden/tokenizers", kind + ".json"),
                folder.resolve("tokenizer.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        model.shapes.forEach((name, shape) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, shape)));
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer =
                        new SafetensorsWriter(folder.resolve("model.safetensors"), declared, Map.of())) {
            for (var entry : model.shapes.entrySet()) {
                Tensor tensor = Tensor.zeros(arena, entry.getValue());
                float[] values = tensor.toArray();
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian() * 0.1f;
                }
                tensor.copyFrom(values);
                writer.write(entry.getKey(), tensor);
            }
            writer.finish();
        }
        return new ModelFolder(folder);
    }

    private void describe() {
        config.putArray("architectures").add(family.huggingFace);
        config.put("vocab_size", VOCABULARY)
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", INNER)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", 4)
                .put("max_position_embeddings", 512);
        if (family == GgufFamily.BERT) {
            bert();
        } else {
            decoder();
        }
    }

    private void bert() {
        config.put("layer_norm_eps", 1e-12).put("type_vocab_size", 2);
        shapes.put("embeddings.word_embeddings.weight", new int[] {VOCABULARY, HIDDEN});
        shapes.put("embeddings.position_embeddings.weight", new int[] {512, HIDDEN});
        shapes.put("embeddings.token_type_embeddings.weight", new int[] {2, HIDDEN});
        normAndBias("embeddings.LayerNorm", HIDDEN);
        for (int i = 0; i < layers; i++) {
            String layer = "encoder.layer." + i + ".";
            for (String part : new String[] {"self.query", "self.key", "self.value", "output.dense"}) {
                linear(layer + "attention." + part, HIDDEN, HIDDEN, true);
            }
            normAndBias(layer + "attention.output.LayerNorm", HIDDEN);
            linear(layer + "intermediate.dense", INNER, HIDDEN, true);
            linear(layer + "output.dense", HIDDEN, INNER, true);
            normAndBias(layer + "output.LayerNorm", HIDDEN);
        }
    }

    private void decoder() {
        boolean gemma = family.normsWithOne();
        config.put("num_key_value_heads", 2)
                .put("head_dim", 16)
                .put("rms_norm_eps", 1e-6)
                .put("rope_theta", 1_000_000.0)
                .put("tie_word_embeddings", gemma)
                .put("bos_token_id", 0)
                .put("eos_token_id", 1);
        switch (family) {
            case MIXTRAL -> config.put("num_local_experts", 3).put("num_experts_per_tok", 2);
            case QWEN3_MOE ->
                config.put("num_experts", 3).put("num_experts_per_tok", 2).put("moe_intermediate_size", 32);
            case GEMMA2 ->
                config.put("sliding_window", 128)
                        .put("attn_logit_softcapping", 50.0)
                        .put("final_logit_softcapping", 30.0);
            case GEMMA3 -> {
                config.put("sliding_window", 128);
                config.putObject("rope_scaling").put("rope_type", "linear").put("factor", 8.0);
            }
            case PHI3 -> phi3Config();
            default -> {}
        }
        shapes.put("model.embed_tokens.weight", new int[] {VOCABULARY, HIDDEN});
        shapes.put("model.norm.weight", new int[] {HIDDEN});
        if (!gemma) {
            shapes.put("lm_head.weight", new int[] {VOCABULARY, HIDDEN});
        }
        for (int i = 0; i < layers; i++) {
            layer("model.layers." + i + ".");
        }
    }

    private void phi3Config() {
        config.put("sliding_window", 200)
                .put("original_max_position_embeddings", 256)
                .put("partial_rotary_factor", 0.75);
        ObjectNode scaling = config.putObject("rope_scaling").put("rope_type", "longrope");
        for (String kind : new String[] {"long_factor", "short_factor"}) {
            double last = kind.startsWith("l") ? 8.5 : 2.5;
            scaling.putArray(kind)
                    .add(1.0)
                    .add(1.25)
                    .add(1.5)
                    .add(2.0)
                    .add(2.25)
                    .add(last);
        }
    }

    private void layer(String layer) {
        shapes.put(layer + "input_layernorm.weight", new int[] {HIDDEN});
        shapes.put(layer + "post_attention_layernorm.weight", new int[] {HIDDEN});
        if (family == GgufFamily.PHI3) {
            linear(layer + "self_attn.qkv_proj", 128, HIDDEN, false);
            linear(layer + "mlp.gate_up_proj", 2 * INNER, HIDDEN, false);
        } else {
            linear(layer + "self_attn.q_proj", 64, HIDDEN, family == GgufFamily.QWEN2);
            linear(layer + "self_attn.k_proj", 32, HIDDEN, family == GgufFamily.QWEN2);
            linear(layer + "self_attn.v_proj", 32, HIDDEN, family == GgufFamily.QWEN2);
        }
        linear(layer + "self_attn.o_proj", HIDDEN, 64, false);
        switch (family) {
            case MIXTRAL -> experts(layer + "block_sparse_moe.", "w1", "w3", "w2", INNER);
            case QWEN3_MOE -> experts(layer + "mlp.", "gate_proj", "up_proj", "down_proj", 32);
            default -> {
                if (family != GgufFamily.PHI3) {
                    linear(layer + "mlp.gate_proj", INNER, HIDDEN, false);
                    linear(layer + "mlp.up_proj", INNER, HIDDEN, false);
                }
                linear(layer + "mlp.down_proj", HIDDEN, INNER, false);
            }
        }
        if (family.normsWithOne()) {
            shapes.put(layer + "pre_feedforward_layernorm.weight", new int[] {HIDDEN});
            shapes.put(layer + "post_feedforward_layernorm.weight", new int[] {HIDDEN});
        }
        if (family == GgufFamily.QWEN3 || family == GgufFamily.QWEN3_MOE || family == GgufFamily.GEMMA3) {
            shapes.put(layer + "self_attn.q_norm.weight", new int[] {16});
            shapes.put(layer + "self_attn.k_norm.weight", new int[] {16});
        }
    }

    private void experts(String mlp, String gate, String up, String down, int inner) {
        linear(mlp + "gate", 3, HIDDEN, false);
        for (int expert = 0; expert < 3; expert++) {
            linear(mlp + "experts." + expert + "." + gate, inner, HIDDEN, false);
            linear(mlp + "experts." + expert + "." + up, inner, HIDDEN, false);
            linear(mlp + "experts." + expert + "." + down, HIDDEN, inner, false);
        }
    }

    private void linear(String name, int out, int in, boolean bias) {
        shapes.put(name + ".weight", new int[] {out, in});
        if (bias) {
            shapes.put(name + ".bias", new int[] {out});
        }
    }

    private void normAndBias(String name, int width) {
        shapes.put(name + ".weight", new int[] {width});
        shapes.put(name + ".bias", new int[] {width});
    }
}
