package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
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
 * @param windows tokens that a token sees in each layer, itself included; 0 for all (Mistral; Qwen's later layers)
 * @param turning elements at the beginning of a head that turn with the position; those behind them do not (Phi-4-mini)
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
        List<Integer> windows,
        int turning,
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
        int turning = turning(in, architecture, size);
        if (scaling != null && ropeType(scaling).matches("longrope|su")) {
            requireDivisors(in, scaling, turning / 2);
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
                windows(in, architecture, in.layers()),
                turning,
                mixture(in, architecture),
                json.path("tie_word_embeddings").asBoolean(false),
                in.endTokens());
    }

    /** The window of each layer. Qwen's configurations name one that is used only where they say so, and not everywhere. */
    private static List<Integer> windows(ConfigReader in, String architecture, int layers) {
        JsonNode json = in.json();
        boolean asked = json.path("use_sliding_window").asBoolean(false);
        return switch (architecture) {
            case "MistralForCausalLM", "MixtralForCausalLM", "Phi3ForCausalLM" ->
                Collections.nCopies(layers, json.hasNonNull("sliding_window") ? in.size("sliding_window") : 0);
            case "Qwen2ForCausalLM", "Qwen3ForCausalLM" ->
                asked ? laterWindows(in, layers) : Collections.nCopies(layers, 0);
            default -> {
                if (asked) {
                    throw new BadModelException(
                            in.file(), "use_sliding_window is true; " + architecture + " has no sliding windows here");
                }
                yield Collections.nCopies(layers, 0);
            }
        };
    }

    /** In the layers that are listed so, or else in those from {@code max_window_layers} on. */
    private static List<Integer> laterWindows(ConfigReader in, int layers) {
        int window = in.size("sliding_window");
        JsonNode types = in.json().path("layer_types");
        if (!types.isArray()) {
            int first = in.count("max_window_layers");
            return IntStream.range(0, layers)
                    .map(i -> i < first ? 0 : window)
                    .boxed()
                    .toList();
        }
        return in.slidingLayers(layers).stream()
                .map(slides -> slides ? window : 0)
                .toList();
    }

    /** How many elements of a head of {@code size} turn. */
    private static int turning(ConfigReader in, String architecture, int size) {
        JsonNode factor = in.json().path("partial_rotary_factor");
        if (factor.asDouble(1) == 1) {
            return size;
        }
        // A factor that is a quotient, as 20/48, comes out a little below the whole number that it means.
        int turning = (int) (size * factor.asDouble() + 1e-6);
        if (!architecture.equals("Phi3ForCausalLM") || turning < 2 || turning > size || turning % 2 != 0) {
            throw new BadModelException(
                    in.file(),
                    "partial_rotary_factor is " + factor + "; 1 is possible, and for Phi3ForCausalLM one by which an"
                            + " even number of a head's " + size + " elements turns");
        }
        return turning;
    }

    private static void requireDivisors(ConfigReader in, JsonNode scaling, int pairs) {
        for (String name : List.of("short_factor", "long_factor")) {
            JsonNode divisors = scaling.path(name);
            boolean positive = divisors.size() == pairs;
            for (JsonNode divisor : divisors) {
                positive &= divisor.asDouble(0) > 0;
            }
            if (!positive) {
                throw new BadModelException(
                        in.file(),
                        "rope_scaling." + name + " is " + divisors + "; " + pairs
                                + " positive numbers are needed, one for each pair of a head that turns");
            }
        }
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

    /** How a layer attends. */
    public Attention attention(int layer) {
        return new Attention(heads, (float) (1 / Math.sqrt(heads.size())), windows.get(layer), 0, true);
    }

    private static String ropeType(JsonNode scaling) {
        return scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    }

    /** The rotary angles of this model for {@code positions} positions. */
    public RopeTable rope(int positions) {
        double[] inverse = RopeTable.frequencies(turning, ropeBase);
        if (ropeScaling == null) {
            return table(inverse, positions, 1);
        }
        double factor = ropeScaling.path("factor").asDouble(1);
        return switch (ropeType(ropeScaling)) {
            case "llama3" ->
                table(
                        RopeTable.llama3(
                                inverse,
                                factor,
                                ropeScaling.path("low_freq_factor").asDouble(1),
                                ropeScaling.path("high_freq_factor").asDouble(4),
                                ropeScaling
                                        .path("original_max_position_embeddings")
                                        .asInt(8192)),
                        positions,
                        1);
            case "linear" -> table(Arrays.stream(inverse).map(f -> f / factor).toArray(), positions, 1);
            case "longrope", "su" -> longRope(inverse, positions);
            default -> table(inverse, positions, 1);
        };
    }

    private RopeTable table(double[] inverse, int positions, double factor) {
        return new RopeTable(heads.size(), inverse, positions, factor);
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
        return table(divided, positions, ropeScaling.path("attention_factor").asDouble(factor));
    }
}
