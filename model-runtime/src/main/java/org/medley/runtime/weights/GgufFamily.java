package org.medley.runtime.weights;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The architectures that both llama.cpp and Hugging Face know, with what each calls their tensors: stems, before
 * {@code .weight} or {@code .bias}, of whole-model tensors and of those of a layer.
 */
enum GgufFamily {
    LLAMA("llama", "LlamaForCausalLM", "llama", Names.decoder()),
    MIXTRAL(
            "llama",
            "MixtralForCausalLM",
            "mixtral",
            Names.decoder()
                    .layer("ffn_gate_inp", "block_sparse_moe.gate")
                    .layer("ffn_gate_exps", "block_sparse_moe.experts.*.w1")
                    .layer("ffn_down_exps", "block_sparse_moe.experts.*.w2")
                    .layer("ffn_up_exps", "block_sparse_moe.experts.*.w3")),
    QWEN2("qwen2", "Qwen2ForCausalLM", "qwen2", Names.decoder()),
    QWEN3("qwen3", "Qwen3ForCausalLM", "qwen3", Names.decoder()),
    QWEN3_MOE(
            "qwen3moe",
            "Qwen3MoeForCausalLM",
            "qwen3_moe",
            Names.decoder()
                    .layer("ffn_gate_inp", "mlp.gate")
                    .layer("ffn_gate_exps", "mlp.experts.*.gate_proj")
                    .layer("ffn_down_exps", "mlp.experts.*.down_proj")
                    .layer("ffn_up_exps", "mlp.experts.*.up_proj")),
    GEMMA2("gemma2", "Gemma2ForCausalLM", "gemma2", Names.gemma()),
    GEMMA3("gemma3", "Gemma3ForCausalLM", "gemma3_text", Names.gemma()),
    PHI3(
            "phi3",
            "Phi3ForCausalLM",
            "phi3",
            Names.decoder().layer("attn_qkv", "self_attn.qkv_proj").layer("ffn_up", "mlp.gate_up_proj")),
    BERT("bert", "BertModel", "bert", Names.bert());

    /** {@code general.architecture}. */
    final String gguf;
    /** The entry of {@code architectures} in config.json. */
    final String huggingFace;

    final String modelType;
    private final Names names;

    GgufFamily(String gguf, String huggingFace, String modelType, Names names) {
        this.gguf = gguf;
        this.huggingFace = huggingFace;
        this.modelType = modelType;
        this.names = names;
    }

    /** llama.cpp rotates neighbouring elements for these, and its converter reorders query and key rows to suit. */
    boolean interleaved() {
        return this == LLAMA || this == MIXTRAL;
    }

    /** llama.cpp's converter adds the 1 that these networks add to norm weights to the stored weights. */
    boolean normsWithOne() {
        return this == GEMMA2 || this == GEMMA3;
    }

    static GgufFamily of(GgufMetadata metadata) {
        String name = metadata.text("general.architecture");
        if (name.equals("llama") && metadata.has("llama.expert_count") && metadata.count("llama.expert_count") > 0) {
            return MIXTRAL;
        }
        return Arrays.stream(values())
                .filter(family -> family.gguf.equals(name))
                .findFirst()
                .orElseThrow(() -> metadata.bad("general.architecture is '" + name + "'; "
                        + Arrays.stream(values()).map(f -> f.gguf).distinct().collect(Collectors.joining(", "))
                        + " can be read"));
    }

    /** The family of an {@code architectures} entry, or null. */
    static GgufFamily ofHuggingFace(String architecture) {
        String known = architecture.equals("MistralForCausalLM") ? "LlamaForCausalLM" : architecture;
        return Arrays.stream(values())
                .filter(family -> family.huggingFace.equals(known))
                .findFirst()
                .orElse(null);
    }

    /**
     * The Hugging Face name of a tensor, {@code *} in the place of an expert's number; null if it has none.
     *
     * @param name such as {@code blk.3.attn_q.weight}
     */
    String toHuggingFace(String name) {
        return translate(name, "blk.", names.layerPrefix, names.globals, names.layers);
    }

    /** The other way round; experts' numbers are to be replaced by {@code *} before. */
    String toGguf(String name) {
        return translate(name, names.layerPrefix, "blk.", inverse(names.globals), inverse(names.layers));
    }

    private static String translate(
            String name, String from, String to, Map<String, String> globals, Map<String, String> layers) {
        int dot = name.lastIndexOf('.');
        if (dot < 0) {
            return null;
        }
        String stem = name.substring(0, dot);
        String suffix = name.substring(dot);
        if (!stem.startsWith(from)) {
            String target = globals.get(stem);
            return target == null ? null : target + suffix;
        }
        int end = stem.indexOf('.', from.length());
        String target = end < 0 ? null : layers.get(stem.substring(end + 1));
        String number = end < 0 ? "" : stem.substring(from.length(), end);
        return target == null || !number.matches("[0-9]{1,5}") ? null : to + number + "." + target + suffix;
    }

    private static Map<String, String> inverse(Map<String, String> map) {
        return map.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
    }

    private record Names(String layerPrefix, Map<String, String> globals, Map<String, String> layers) {
        static Names decoder() {
            return new Names("model.layers.", new HashMap<>(), new HashMap<>())
                    .global("token_embd", "model.embed_tokens")
                    .global("output_norm", "model.norm")
                    .global("output", "lm_head")
                    .layer("attn_norm", "input_layernorm")
                    .layer("attn_q", "self_attn.q_proj")
                    .layer("attn_k", "self_attn.k_proj")
                    .layer("attn_v", "self_attn.v_proj")
                    .layer("attn_output", "self_attn.o_proj")
                    .layer("attn_q_norm", "self_attn.q_norm")
                    .layer("attn_k_norm", "self_attn.k_norm")
                    .layer("ffn_norm", "post_attention_layernorm")
                    .layer("ffn_gate", "mlp.gate_proj")
                    .layer("ffn_up", "mlp.up_proj")
                    .layer("ffn_down", "mlp.down_proj");
        }

        static Names gemma() {
            return decoder()
                    .layer("post_attention_norm", "post_attention_layernorm")
                    .layer("ffn_norm", "pre_feedforward_layernorm")
                    .layer("post_ffw_norm", "post_feedforward_layernorm");
        }

        static Names bert() {
            return new Names("encoder.layer.", new HashMap<>(), new HashMap<>())
                    .global("token_embd", "embeddings.word_embeddings")
                    .global("position_embd", "embeddings.position_embeddings")
                    .global("token_types", "embeddings.token_type_embeddings")
                    .global("token_embd_norm", "embeddings.LayerNorm")
                    .layer("attn_q", "attention.self.query")
                    .layer("attn_k", "attention.self.key")
                    .layer("attn_v", "attention.self.value")
                    .layer("attn_output", "attention.output.dense")
                    .layer("attn_output_norm", "attention.output.LayerNorm")
                    .layer("ffn_up", "intermediate.dense")
                    .layer("ffn_down", "output.dense")
                    .layer("layer_output_norm", "output.LayerNorm");
        }

        Names global(String gguf, String huggingFace) {
            globals.put(gguf, huggingFace);
            return this;
        }

        Names layer(String gguf, String huggingFace) {
            layers.put(gguf, huggingFace);
            return this;
        }
    }
}
