package org.medley.runtime.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.medley.runtime.network.DecoderConfig;
import org.medley.runtime.network.DecoderWeights;

/** A random model whose tokens are bytes: small enough for every test, whole enough for the real loader. */
public final class TinyModel {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TinyModel() {}

    public static Path write(Path folder, long seed) throws Exception {
        Files.createDirectories(folder);
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add("Qwen3ForCausalLM");
        config.put("vocab_size", 259)
                .put("hidden_size", 32)
                .put("intermediate_size", 64)
                .put("num_hidden_layers", 2)
                .put("num_attention_heads", 4)
                .put("num_key_value_heads", 2)
                .put("head_dim", 8)
                .put("max_position_embeddings", 1024)
                .put("rms_norm_eps", 1e-6)
                .put("tie_word_embeddings", true)
                .put("eos_token_id", 2);
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer());
        DecoderConfig read = DecoderConfig.read(folder.resolve("config.json"), config);
        RandomWeights.write(folder, DecoderWeights.shapes(read), seed);
        return folder;
    }

    private static String tokenizer() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        var added = root.putArray("added_tokens");
        ObjectNode vocabulary = JSON.createObjectNode();
        for (String special : List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>")) {
            added.addObject()
                    .put("id", vocabulary.size())
                    .put("content", special)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
            vocabulary.put(special, vocabulary.size());
        }
        int other = 0;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
            vocabulary.put(String.valueOf((char) (printable ? b : 256 + other++)), vocabulary.size());
        }
        for (String part : List.of("pre_tokenizer", "decoder")) {
            root.putObject(part)
                    .put("type", "ByteLevel")
                    .put("add_prefix_space", false)
                    .put("trim_offsets", true)
                    .put("use_regex", true);
        }
        ObjectNode model = root.putObject("model");
        model.put("type", "BPE");
        model.set("vocab", vocabulary);
        model.putArray("merges");
        return root.toString();
    }
}
