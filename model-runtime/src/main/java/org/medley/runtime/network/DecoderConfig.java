package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.weights.BadModelException;

/**
 * The shape of a Llama-family decoder, as {@code config.json} states it.
 *
 * @param qkvBias biases on query, key and value (Qwen2)
 * @param qkNorm RMS norms on each query and key head (Qwen3)
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
        boolean qkvBias,
        boolean qkNorm,
        boolean tied,
        Set<Integer> endTokens) {
    private static final int MAX_LAYERS = 10_000;

    /** Reads and checks {@code config.json}; a missing or impossible value is refused by name. */
    public static DecoderConfig read(Path file, JsonNode json) {
        Reader in = new Reader(file, json);
        String architecture = json.path("architectures").path(0).asText("");
        boolean qwen2 = architecture.equals("Qwen2ForCausalLM");
        boolean qwen3 = architecture.equals("Qwen3ForCausalLM");
        if (!qwen2 && !qwen3 && !architecture.equals("LlamaForCausalLM")) {
            throw new BadModelException(
                    file,
                    "architecture '" + architecture
                            + "' is not one of LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
        }
        if (json.path("use_sliding_window").asBoolean(false)) {
            throw new BadModelException(file, "use_sliding_window is true; sliding windows are not supported");
        }
        if (!json.path("hidden_act").asText("silu").equals("silu")) {
            throw new BadModelException(file, "hidden_act is " + json.path("hidden_act") + "; silu is supported");
        }
        int hidden = in.size("hidden_size");
        int count = in.size("num_attention_heads");
        int kv = json.has("num_key_value_heads") ? in.size("num_key_value_heads") : count;
        int size = json.has("head_dim") && !json.get("head_dim").isNull() ? in.size("head_dim") : hidden / count;
        Ops.Heads heads;
        try {
            heads = new Ops.Heads(count, kv, size);
        } catch (IllegalArgumentException e) {
            throw new BadModelException(file, e.getMessage(), e);
        }
        JsonNode scaling = json.path("rope_scaling").isObject() ? json.get("rope_scaling") : null;
        if (scaling != null && !ropeType(scaling).matches("default|llama3|linear")) {
            throw new BadModelException(
                    file, "rope_scaling type '" + ropeType(scaling) + "' is not one of default, linear, llama3");
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
                qwen2 || json.path("attention_bias").asBoolean(false),
                qwen3,
                json.path("tie_word_embeddings").asBoolean(false),
                endTokens(json.path("eos_token_id")));
    }

    private static String ropeType(JsonNode scaling) {
        return scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    }

    private static Set<Integer> endTokens(JsonNode node) {
        Stream<JsonNode> ids = node.isArray() ? StreamSupport.stream(node.spliterator(), false) : Stream.of(node);
        return ids.filter(JsonNode::isInt)
                .map(JsonNode::asInt)
                .collect(java.util.stream.Collectors.toUnmodifiableSet());
    }

    /** The rotary angles of this model for {@code positions} positions. */
    public RopeTable rope(int positions) {
        double[] inverse = RopeTable.frequencies(heads.size(), ropeBase);
        if (ropeScaling != null) {
            double factor = ropeScaling.path("factor").asDouble(1);
            inverse = switch (ropeType(ropeScaling)) {
                case "llama3" ->
                    RopeTable.llama3(
                            inverse,
                            factor,
                            ropeScaling.path("low_freq_factor").asDouble(1),
                            ropeScaling.path("high_freq_factor").asDouble(4),
                            ropeScaling.path("original_max_position_embeddings").asInt(8192));
                case "linear" ->
                    java.util.Arrays.stream(inverse).map(f -> f / factor).toArray();
                default -> inverse;
            };
        }
        return new RopeTable(inverse, positions);
    }

    private record Reader(Path file, JsonNode json) {
        int size(String key) {
            JsonNode node = json.path(key);
            if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 1) {
                throw new BadModelException(
                        file,
                        key + " is " + (node.isMissingNode() ? "missing" : node) + "; it must be a positive integer");
            }
            return node.asInt();
        }

        int layers() {
            int layers = size("num_hidden_layers");
            if (layers > MAX_LAYERS) {
                throw new BadModelException(
                        file, "num_hidden_layers is " + layers + "; at most " + MAX_LAYERS + " are possible");
            }
            return layers;
        }

        double positive(String key, double otherwise) {
            if (!json.has(key)) {
                return otherwise;
            }
            double value = json.get(key).asDouble(Double.NaN);
            if (!(value > 0)) {
                throw new BadModelException(file, key + " is " + json.get(key) + "; it must be a positive number");
            }
            return value;
        }
    }
}
