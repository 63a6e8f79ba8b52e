package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Tensor;

/** A GGUF file's metadata as the {@code config.json} that Hugging Face would have for the same model. */
final class GgufConfig {
    /** Tokens that end a turn in one family or another, by their texts; files do not always name all of theirs. */
    private static final List<String> ENDS = List.of(
            "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<end_of_turn>", "<|end_of_text|>");

    /** A number under its two names; {@code gguf} comes behind the architecture's. */
    record Field(String gguf, String huggingFace, boolean whole) {}

    private final GgufMetadata metadata;
    private final GgufFamily family;
    private final Gguf file;
    private final ObjectNode config = JsonNodeFactory.instance.objectNode();

    private GgufConfig(Gguf file) {
        this.metadata = file.metadata();
        this.family = GgufFamily.of(metadata);
        this.file = file;
    }

    static ObjectNode of(Gguf file) {
        return new GgufConfig(file).build();
    }

    /** The fields of a family that are the same number under another name. */
    static List<Field> fields(GgufFamily family) {
        Stream<Field> common = Stream.of(
                new Field("block_count", "num_hidden_layers", true),
                new Field("context_length", "max_position_embeddings", true),
                new Field("embedding_length", "hidden_size", true),
                new Field("feed_forward_length", "intermediate_size", true),
                new Field("attention.head_count", "num_attention_heads", true));
        Stream<Field> decoder = Stream.of(
                new Field("attention.head_count_kv", "num_key_value_heads", true),
                new Field("attention.key_length", "head_dim", true),
                new Field("attention.layer_norm_rms_epsilon", "rms_norm_eps", false),
                new Field("rope.freq_base", "rope_theta", false));
        Stream<Field> own = switch (family) {
            case LLAMA, QWEN2, QWEN3 -> Stream.of();
            case MIXTRAL ->
                Stream.of(
                        new Field("expert_count", "num_local_experts", true),
                        new Field("expert_used_count", "num_experts_per_tok", true));
            case QWEN3_MOE ->
                Stream.of(
                        new Field("expert_count", "num_experts", true),
                        new Field("expert_used_count", "num_experts_per_tok", true),
                        new Field("expert_feed_forward_length", "moe_intermediate_size", true));
            case GEMMA2 ->
                Stream.of(
                        new Field("attention.sliding_window", "sliding_window", true),
                        new Field("attn_logit_softcapping", "attn_logit_softcapping", false),
                        new Field("final_logit_softcapping", "final_logit_softcapping", false));
            case GEMMA3 -> Stream.of(new Field("attention.sliding_window", "sliding_window", true));
            case PHI3 ->
                Stream.of(
                        new Field("attention.sliding_window", "sliding_window", true),
                        new Field("rope.scaling.original_context_length", "original_max_position_embeddings", true));
            case BERT -> Stream.of(new Field("attention.layer_norm_epsilon", "layer_norm_eps", false));
        };
        return Stream.concat(common, family == GgufFamily.BERT ? own : Stream.concat(decoder, own))
                .toList();
    }

    private ObjectNode build() {
        config.putArray("architectures").add(family.huggingFace);
        config.put("model_type", family.modelType);
        for (Field field : fields(family)) {
            String key = family.gguf + "." + field.gguf;
            if (!metadata.has(key)) {
                continue;
            }
            if (field.whole) {
                config.put(field.huggingFace, metadata.count(key));
            } else {
                config.put(field.huggingFace, decimal(metadata.number(key)));
            }
        }
        config.put("vocab_size", file.shape("token_embd.weight")[0]);
        if (family == GgufFamily.BERT) {
            bert();
        } else {
            decoder();
        }
        return config;
    }

    /** F32 numbers such as 1e-6 as they were before they were rounded to F32. */
    private static double decimal(double value) {
        return (float) value == value ? Double.parseDouble(Float.toString((float) value)) : value;
    }

    private void bert() {
        config.put("hidden_act", "gelu");
        config.put("type_vocab_size", file.has("token_types.weight") ? file.shape("token_types.weight")[0] : 0);
    }

    private void decoder() {
        boolean gemma = family.normsWithOne();
        config.put("hidden_act", gemma ? "gelu_pytorch_tanh" : "silu");
        config.put("tie_word_embeddings", !file.has("output.weight"));
        config.put("attention_bias", file.has("blk.0.attn_q.bias"));
        if (gemma) {
            gemma();
        }
        if (family == GgufFamily.QWEN3_MOE) {
            config.put("norm_topk_prob", true).put("decoder_sparse_step", 1);
        }
        String rotated = family.gguf + ".rope.dimension_count";
        int size = headSize();
        if (family == GgufFamily.PHI3 && metadata.has(rotated) && metadata.count(rotated) != size) {
            config.put("partial_rotary_factor", (double) metadata.count(rotated) / size);
        }
        ObjectNode scaling = ropeScaling();
        if (scaling != null) {
            config.set("rope_scaling", scaling);
        }
        tokens();
    }

    private int headSize() {
        int heads = config.path("num_attention_heads").asInt();
        if (heads < 1) {
            throw metadata.bad("metadata " + family.gguf + ".attention.head_count is missing or 0");
        }
        return config.path("head_dim").asInt(config.path("hidden_size").asInt() / heads);
    }

    /** What Gemma's files leave to be known by the number of layers: the largest of each kind scales queries its way. */
    private void gemma() {
        int layers = config.path("num_hidden_layers").asInt();
        boolean largest = layers == (family == GgufFamily.GEMMA2 ? 46 : 62);
        int perHead = config.path("hidden_size").asInt()
                / Math.max(1, config.path("num_attention_heads").asInt());
        config.put("hidden_activation", "gelu_pytorch_tanh");
        config.put("query_pre_attn_scalar", largest ? perHead : headSize());
        if (family == GgufFamily.GEMMA3) {
            config.put("sliding_window_pattern", 6).put("rope_local_base_freq", 10_000.0);
        }
    }

    private ObjectNode ropeScaling() {
        if (file.has("rope_freqs.weight")) {
            float[] divisors = file.tensor("rope_freqs.weight").toArray();
            double base = config.path("rope_theta").asDouble(10_000);
            ObjectNode scaling = RopeFactors.parameters(divisors, base);
            if (scaling == null) {
                throw metadata.bad("tensor rope_freqs.weight holds frequencies that Llama 3's formula does not give");
            }
            return scaling.path("factor").asDouble() == 1 ? null : scaling;
        }
        if (file.has("rope_factors_long.weight") && file.has("rope_factors_short.weight")) {
            ObjectNode scaling = JsonNodeFactory.instance.objectNode().put("rope_type", "longrope");
            numbers(scaling.putArray("long_factor"), file.tensor("rope_factors_long.weight"));
            numbers(scaling.putArray("short_factor"), file.tensor("rope_factors_short.weight"));
            return scaling;
        }
        String prefix = family.gguf + ".rope.scaling.";
        String type = metadata.text(prefix + "type", "none");
        if (type.equals("none")) {
            return null;
        }
        ObjectNode scaling = JsonNodeFactory.instance.objectNode().put("rope_type", type);
        scaling.put("factor", decimal(metadata.number(prefix + "factor")));
        if (metadata.has(prefix + "original_context_length")) {
            scaling.put("original_max_position_embeddings", metadata.count(prefix + "original_context_length"));
        }
        return scaling;
    }

    private static void numbers(ArrayNode array, Tensor tensor) {
        for (float value : tensor.toArray()) {
            array.add(decimal(value));
        }
    }

    private void tokens() {
        if (metadata.has("tokenizer.ggml.bos_token_id")) {
            config.put("bos_token_id", metadata.count("tokenizer.ggml.bos_token_id"));
        }
        TreeSet<Integer> ends = new TreeSet<>();
        for (String role : List.of("eos", "eot", "eom")) {
            String key = "tokenizer.ggml." + role + "_token_id";
            if (metadata.has(key)) {
                ends.add(metadata.count(key));
            }
        }
        if (metadata.has("tokenizer.ggml.tokens") && metadata.has("tokenizer.ggml.token_type")) {
            List<String> tokens = metadata.texts("tokenizer.ggml.tokens");
            List<? extends Number> types = metadata.numbers("tokenizer.ggml.token_type");
            for (int i = 0; i < Math.min(tokens.size(), types.size()); i++) {
                if (types.get(i).intValue() == GgufVocabulary.CONTROL && ENDS.contains(tokens.get(i))) {
                    ends.add(i);
                }
            }
        }
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        ends.forEach(array::add);
        JsonNode end = array.size() == 1 ? array.get(0) : array;
        config.set("eos_token_id", end);
    }
}
