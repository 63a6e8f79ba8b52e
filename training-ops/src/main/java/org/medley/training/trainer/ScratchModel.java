package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.recipe.ModelSection.Family;
import org.medley.training.recipe.ModelSection.Scratch;

/** A model that is begun anew: its configuration and its first weights. */
final class ScratchModel {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double DEVIATION = 0.02;
    private static final int LOCAL_WINDOW = 512;

    private ScratchModel() {}

    /** @param endTokens ids that end a generation */
    static ObjectNode config(Scratch shape, int vocabulary, Set<Integer> endTokens) {
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add(architecture(shape.family()));
        config.put("model_type", shape.family().name());
        config.put("vocab_size", vocabulary);
        config.put("hidden_size", shape.hidden());
        config.put("intermediate_size", shape.intermediate());
        config.put("num_hidden_layers", shape.layers());
        config.put("num_attention_heads", shape.heads());
        config.put("num_key_value_heads", shape.kvHeads());
        config.put("head_dim", shape.headSize());
        config.put("max_position_embeddings", shape.context());
        config.put("hidden_act", "silu");
        config.put("rms_norm_eps", 1e-6);
        config.put("rope_theta", 10_000.0);
        config.put("tie_word_embeddings", shape.tied());
        config.put("attention_bias", false);
        endTokens.forEach(config.withArray("eos_token_id")::add);
        switch (shape.family()) {
            case mixtral ->
                config.put("num_local_experts", shape.experts()).put("num_experts_per_tok", shape.expertsPerToken());
            case qwen3_moe ->
                config.put("num_experts", shape.experts())
                        .put("num_experts_per_tok", shape.expertsPerToken())
                        .put("moe_intermediate_size", shape.intermediate())
                        .put("norm_topk_prob", true);
            case gemma2 ->
                gemma(config, shape).put("attn_logit_softcapping", 50.0).put("final_logit_softcapping", 30.0);
            case gemma3 -> gemma(config, shape).put("sliding_window_pattern", 6).put("rope_local_base_freq", 10_000.0);
            default -> {} // nothing beside what all have
        }
        return config;
    }

    private static ObjectNode gemma(ObjectNode config, Scratch shape) {
        return config.put("hidden_activation", "gelu_pytorch_tanh")
                .put("query_pre_attn_scalar", shape.headSize())
                .put("sliding_window", Math.min(LOCAL_WINDOW, shape.context()));
    }

    private static String architecture(Family family) {
        return switch (family) {
            case llama -> "LlamaForCausalLM";
            case mistral -> "MistralForCausalLM";
            case mixtral -> "MixtralForCausalLM";
            case qwen2 -> "Qwen2ForCausalLM";
            case qwen3 -> "Qwen3ForCausalLM";
            case qwen3_moe -> "Qwen3MoeForCausalLM";
            case gemma2 -> "Gemma2ForCausalLM";
            case gemma3 -> "Gemma3ForCausalLM";
        };
    }

    /**
     * Normal weights of deviation 0.02, those that feed the residual stream smaller by √(2·layers) (Radford et al. 2019,
     * sec. 2.3); norms multiply by 1, biases are 0.
     */
    static Map<String, Tensor> weights(Path file, ObjectNode config, long seed, Arena arena) {
        SplittableRandom random = new SplittableRandom(seed);
        double residual =
                DEVIATION / Math.sqrt(2.0 * config.get("num_hidden_layers").asInt());
        boolean gemma = config.get("model_type").asText().startsWith("gemma");
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Trainable.shapes(file, config).forEach((name, shape) -> {
            Tensor tensor = Tensor.zeros(arena, shape);
            float[] values = new float[Math.toIntExact(tensor.size())];
            boolean feeds =
                    name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight") || name.endsWith(".w2.weight");
            for (int i = 0; i < values.length; i++) {
                if (shape.length > 1) {
                    values[i] = (float) (random.nextGaussian() * (feeds ? residual : DEVIATION));
                } else {
                    values[i] = name.endsWith("norm.weight") && !gemma ? 1 : 0; // Gemma stores norms less one
                }
            }
            tensor.copyFrom(values);
            weights.put(name, tensor);
        });
        return weights;
    }
}
