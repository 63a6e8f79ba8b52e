package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.network.DecoderConfig;
import org.medley.runtime.network.DecoderWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.SafetensorsWriter;

/**
 * A model of a known shape with random weights, for measuring where the real one may not be had: speed depends on the
 * shape and the format, not on what the weights say. Its tokens are bytes.
 */
public final class RandomModel {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RandomModel() {}

    /** Shapes of well-known models, as their published configurations state them. */
    public enum Shape {
        TINY(512, 128, 256, 2, 4, 2, 32),
        LLAMA_3_2_1B(128_256, 2048, 8192, 16, 32, 8, 64),
        QWEN_2_5_0_5B(151_936, 896, 4864, 24, 14, 2, 64);

        final int vocabulary;
        final int hidden;
        final int intermediate;
        final int layers;
        final int heads;
        final int kvHeads;
        final int headSize;

        Shape(int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, int headSize) {
            this.vocabulary = vocabulary;
            this.hidden = hidden;
            this.intermediate = intermediate;
            this.layers = layers;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headSize = headSize;
        }
    }

    /** Writes a Hugging Face folder, matrices in {@code format}. */
    public static void write(Path folder, Shape shape, DType format, long seed) throws IOException {
        Files.createDirectories(folder);
        ObjectNode config = config(shape);
        JSON.writerWithDefaultPrettyPrinter()
                .writeValue(folder.resolve("config.json").toFile(), config);
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer());
        DecoderConfig read = DecoderConfig.read(folder.resolve("config.json"), config);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        DecoderWeights.shapes(read)
                .forEach((name, extents) -> declared.put(
                        name, new SafetensorsWriter.Declared(extents.length == 1 ? DType.F32 : format, extents)));
        SplittableRandom random = new SplittableRandom(seed);
        try (SafetensorsWriter writer =
                new SafetensorsWriter(folder.resolve("model.safetensors"), declared, Map.of())) {
            for (var entry : declared.entrySet()) {
                try (Arena arena = Arena.ofShared()) {
                    writer.write(entry.getKey(), random(entry.getValue(), random, arena));
                }
            }
            writer.finish();
        }
    }

    private static ObjectNode config(Shape shape) {
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add("LlamaForCausalLM");
        return config.put("vocab_size", shape.vocabulary)
                .put("hidden_size", shape.hidden)
                .put("intermediate_size", shape.intermediate)
                .put("num_hidden_layers", shape.layers)
                .put("num_attention_heads", shape.heads)
                .put("num_key_value_heads", shape.kvHeads)
                .put("head_dim", shape.headSize)
                .put("max_position_embeddings", 8192)
                .put("rms_norm_eps", 1e-5)
                .put("rope_theta", 500_000)
                .put("tie_word_embeddings", true)
                .put("eos_token_id", 0);
    }

    private static Tensor random(SafetensorsWriter.Declared declared, SplittableRandom random, Arena arena) {
        MemorySegment data = arena.allocate(declared.bytes(), 64);
        if (declared.shape().length == 1) {
            for (long at = 0; at < data.byteSize(); at += 4) {
                data.set(ValueLayout.JAVA_FLOAT, at, 1);
            }
            return new Tensor(declared.dtype(), declared.shape(), data);
        }
        // Weights of about 1/50, as trained ones have.
        switch (declared.dtype()) {
            case F32 -> {
                for (long at = 0; at < data.byteSize(); at += 4) {
                    data.set(ValueLayout.JAVA_FLOAT, at, (random.nextFloat() - 0.5f) * 0.07f);
                }
            }
            case BF16 -> {
                for (long at = 0; at < data.byteSize(); at += 2) {
                    short bits = (short) (Float.floatToIntBits((random.nextFloat() - 0.5f) * 0.07f) >>> 16);
                    data.set(ValueLayout.JAVA_SHORT, at, bits);
                }
            }
            case F16 -> {
                for (long at = 0; at < data.byteSize(); at += 2) {
                    short bits = Float.floatToFloat16((random.nextFloat() - 0.5f) * 0.07f);
                    data.set(ValueLayout.JAVA_SHORT, at, bits);
                }
            }
            case Q8, Q4_0 -> {
                int block = declared.dtype().blockBytes();
                short scale = Float.floatToFloat16(declared.dtype() == DType.Q8 ? 0.035f / 127 : 0.035f / 8);
                for (long at = 0; at < data.byteSize(); at += block) {
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale);
                    for (int i = 2; i < block; i += 8) {
                        data.set(ValueLayout.JAVA_LONG_UNALIGNED, at + i, random.nextLong());
                    }
                }
            }
            default ->
                throw new IllegalArgumentException("random weights cannot be made as "
                        + declared.dtype().label() + "; F32, F16, BF16, Q8 and Q4_0 are possible");
        }
        return new Tensor(declared.dtype(), declared.shape(), data);
    }

    /** One token per byte, in the alphabet of byte-level tokenizers, behind one end token. */
    private static String tokenizer() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        ObjectNode vocabulary = JSON.createObjectNode();
        root.putArray("added_tokens")
                .addObject()
                .put("id", 0)
                .put("content", "<|end|>")
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        vocabulary.put("<|end|>", 0);
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
