package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.weights.BadModelException;

/**
 * The shape of a Llama-family decoder, as {@code config.json} states it.
 *
 * @param originalContext longest sequence before its rotary frequencies were stretched
 * @param qkvBias biases on query, key and value (Qwen2)
 * @param qkNorm RMS norms on each query and key head (Qwen3)
 * @param window tokens that a token sees, itself included; 0 for all (Mistral)
 * @param mixture how MLPs are mixed, or null where each layer has one
 * @param tied the output head is the embedding table
 * @param context longest sequence
 * @param endTokens ids that end a generation
 */
public record DecoderConfig(
        String architecture,
        int vocabulary,
        int hidden,
        int intermediate,
        int layers,
        Ops.Heads heads,
        int context,
        float epsilon,
        double ropeBase,
        JsonNode ropeScaling,
        int originalContext,
        boolean qkvBias,
        boolean qkNorm,
        int window,
        Mixture mixture,
        boolean tied,
        Set<Integer> endTokens) {
    private static final List<String> ARCHITECTURES = List.of(
            "LlamaForCausalLM",
            "MistralForCausalLM",
            "MixtralForCausalLM",
            "Phi3ForCausalLM",
            "Qwen2ForCausalLM",
            "Qwen3ForCausalLM",
            "Qwen3MoeForCausalLM");

    /**
     * @param experts MLPs of a layer
     * @param top of them that a token goes through
     * @param intermediate width of each
     * @param normalized whether the weights of the chosen sum to one
     */
    public record Mixture(int experts, int top, int intermediate, boolean normalized) {}

    /** Reads and checks {@code config.json}; a missing or impossible value is refused by name. */
    public static DecoderConfig read(Path file, JsonNode json) {
        ConfigReader in = new ConfigReader(file, json);
        String architecture = json.path("architectures").path(0).asText("");
        if (!ARCHITECTURES.contains(architecture)) {
            throw new BadModelException(
                    file, "architecture '" + architecture + "' is not one of " + String.join(", ", ARCHITECTURES));
        }
        boolean qwen2 = architecture.equals("Qwen2ForCausalLM");
        boolean qwen3 = architecture.startsWith("Qwen3");
        if (json.path("use_sliding_window").asBoolean(false)) {
            throw new BadModelException(file, "use_sliding_window is true; sliding windows are not supported");
        }
        if (json.path("partial_rotary_factor").asDouble(1) != 1) {
            throw new BadModelException(
                    file, "partial_rotary_factor is " + json.path("partial_rotary_factor") + "; 1 is supported");
        }
        if (!json.path("hidden_act").asText("silu").equals("silu")) {
            throw new BadModelException(file, "hidden_act is " + json.path("hidden_act") + "; silu is supported");
        }
        int hidden = in.size("hidden_size");
        int count = in.size("num_attention_heads");
        int kv = json.has("num_key_value_heads") ? in.size("num_key_value_heads") : count;
        int size = json.has("head_dim") && !json.get("head_dim").isNull() ? in.size("head_dim") : hidden / count;
        Ops.Heads heads = in.heads(count, kv, size);
        JsonNode scaling = json.path("rope_scaling").isObject() ? json.get("rope_scaling") : null;
        if (scaling != null && !ropeType(scaling).matches("default|llama3|linear|longrope|su")) {
            throw new BadModelException(
                    file,
                    "rope_scaling type '" + ropeType(scaling) + "' is not one of default, linear, llama3, longrope");
        }
        return new DecoderConfig(
                architecture,
                in.size("vocab_size"),
                hidden,
                in.size("intermediate_size"),
                in.layers(),
                heads,
                in.size("max_position_embeddings"),
                (float) in.positive("rms_norm_eps", 1e-6),
                in.positive("rope_theta", 10_000),
                scaling,
                json.path("original_max_position_embeddings").asInt(in.size("max_position_embeddings")),
                qwen2 || json.path("attention_bias").asBoolean(false),
                qwen3,
                window(in, architecture),
                mixture(in, architecture),
                json.path("tie_word_embeddings").asBoolean(false),
                in.endTokens());
    }

    /** Qwen's configurations name a window that is used only where they say so. */
    private static int window(ConfigReader in, String architecture) {
        boolean used = architecture.matches("(Mistral|Mixtral|Phi3)ForCausalLM")
                && in.json().hasNonNull("sliding_window");
        return used ? in.size("sliding_window") : 0;
    }

    private static Mixture mixture(ConfigReader in, String architecture) {
        return switch (architecture) {
            case "MixtralForCausalLM" ->
                new Mixture(
                        in.size("num_local_experts"),
                        in.size("num_experts_per_tok"),
                        in.size("intermediate_size"),
                        true);
            case "Qwen3MoeForCausalLM" -> {
                if (in.json().path("decoder_sparse_step").asInt(1) != 1
                        || !in.json().path("mlp_only_layers").isEmpty()) {
                    throw new BadModelException(
                            in.file(),
                            "has layers without experts; decoder_sparse_step 1 and no mlp_only_layers are"
                                    + " supported");
                }
                yield new Mixture(
                        in.size("num_experts"),
                        in.size("num_experts_per_tok"),
                        in.size("moe_intermediate_size"),
                        in.json().path("norm_topk_prob").asBoolean(false));
            }
            default -> null;
        };
    }

    /** How layers attend. */
    public Attention attention() {
        return new Attention(heads, (float) (1 / Math.sqrt(heads.size())), window, 0, true);
    }

    private static String ropeType(JsonNode scaling) {
        return scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    }

    /** The rotary angles of this model for {@code positions} positions. */
    public RopeTable rope(int positions) {
        double[] inverse = RopeTable.frequencies(heads.size(), ropeBase);
        if (ropeScaling == null) {
            return new RopeTable(inverse, positions);
        }
        double factor = ropeScaling.path("factor").asDouble(1);
        return switch (ropeType(ropeScaling)) {
            case "llama3" ->
                new RopeTable(
                        RopeTable.llama3(
                                inverse,
                                factor,
                                ropeScaling.path("low_freq_factor").asDouble(1),
                                ropeScaling.path("high_freq_factor").asDouble(4),
                                ropeScaling
                                        .path("original_max_position_embeddings")
                                        .asInt(8192)),
                        positions);
            case "linear" ->
                new RopeTable(Arrays.stream(inverse).map(f -> f / factor).toArray(), positions);
            case "longrope", "su" -> longRope(inverse, positions);
            default -> new RopeTable(inverse, positions);
        };
    }

    /**
     * LongRoPE (Ding et al. 2024): a divisor for each pair, one set within the original context and one beyond it, and
     * attention sharpened by √(1 + ln s / ln original) for a context s times as long.
     */
    private RopeTable longRope(double[] inverse, int positions) {
        int original = ropeScaling.path("original_max_position_embeddings").asInt(originalContext);
        JsonNode divisors = ropeScaling.path(positions > original ? "long_factor" : "short_factor");
        double[] divided = new double[inverse.length];
        Arrays.setAll(divided, i -> inverse[i] / divisors.path(i).asDouble(1));
        double stretch = (double) context / original;
        double factor = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original));
        return new RopeTable(
                divided, positions, ropeScaling.path("attention_factor").asDouble(factor));
    }
}
