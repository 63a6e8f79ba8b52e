package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** Ways to break a Hugging Face folder. */
final class BrokenFolders {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NORM = "model.norm.weight";

    private BrokenFolders() {}

    static List<Broken> all() {
        List<Broken> all = new ArrayList<>();
        safetensorsBytes(all);
        safetensorsHeaders(all);
        configs(all);
        tokenizers(all);
        shards(all);
        quantized(all);
        return all;
    }

    private static Broken folder(String name, String says, Broken.How how) {
        return new Broken(name, "tiny", says, how);
    }

    private static Broken weights(String name, String says, UnaryOperator<byte[]> change) {
        return folder("weights: " + name, says, model -> {
            Path file = model.resolve("model.safetensors");
            Files.write(file, change.apply(Files.readAllBytes(file)));
        });
    }

    private static int headerEnd(byte[] bytes) {
        return 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    }

    private static byte[] withLength(byte[] bytes, long length) {
        byte[] changed = bytes.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return changed;
    }

    private static void safetensorsBytes(List<Broken> all) {
        for (int length : new int[] {0, 7}) {
            all.add(weights("cut to " + length + " bytes", "has at least 8", b -> Arrays.copyOf(b, length)));
        }
        all.add(weights("cut behind the header's length", "does not fit a file", b -> Arrays.copyOf(b, 8)));
        all.add(weights("cut inside the header", "does not fit a file", b -> Arrays.copyOf(b, headerEnd(b) / 2)));
        all.add(weights("cut behind the header", "leave the 0 bytes", b -> Arrays.copyOf(b, headerEnd(b))));
        all.add(weights("cut by one byte", "leave the", b -> Arrays.copyOf(b, b.length - 1)));
        all.add(weights("cut by half", "leave the", b -> Arrays.copyOf(b, b.length / 2)));
        all.add(weights("one byte too many", "cut or padded", b -> Arrays.copyOf(b, b.length + 1)));
        for (long length : new long[] {-1, 0, 1, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE}) {
            all.add(weights("header of " + length, "does not fit a file", b -> withLength(b, length)));
        }
        all.add(weights("header too short", "header is not", b -> withLength(b, headerEnd(b) - 80)));
        all.add(weights("header into the data", "header is not", b -> {
            byte[] changed = withLength(b, headerEnd(b) + 64L);
            Arrays.fill(changed, headerEnd(b), headerEnd(b) + 64, (byte) 'x');
            return changed;
        }));
        all.add(weights("header is an array", "header is not a JSON object", b -> header(b, "[]")));
        all.add(weights("header is bad UTF-8", "header is not valid JSON", b -> {
            byte[] changed = b.clone();
            changed[20] = (byte) 0xff;
            changed[21] = (byte) 0xfe;
            return changed;
        }));
        all.add(weights(
                "header with a name twice",
                "header is not valid JSON",
                b -> header(b, "{\"a\":{\"dtype\":\"F32\"},\"a\":{\"dtype\":\"F32\"}}")));
        all.add(weights(
                "header is deeply nested", "header is not valid JSON", b -> header(b, "{\"a\":" + "[".repeat(5000))));
    }

    private static byte[] header(byte[] bytes, String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        int end = headerEnd(bytes);
        ByteBuffer changed =
                ByteBuffer.allocate(8 + text.length + bytes.length - end).order(ByteOrder.LITTLE_ENDIAN);
        return changed.putLong(text.length)
                .put(text)
                .put(bytes, end, bytes.length - end)
                .array();
    }

    private static Broken header(String name, String says, Consumer<ObjectNode> change) {
        return weights("header, " + name, says, bytes -> {
            try {
                ObjectNode root = (ObjectNode) JSON.readTree(bytes, 8, headerEnd(bytes) - 8);
                change.accept(root);
                return header(bytes, root.toString());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static Broken norm(String name, String says, Consumer<ObjectNode> change) {
        return header(name, says, root -> change.accept((ObjectNode) root.get(NORM)));
    }

    private static void safetensorsHeaders(List<Broken> all) {
        all.add(norm("unknown dtype", "dtype 'F33' is not one of", t -> t.put("dtype", "F33")));
        all.add(norm("no dtype", "dtype '' is not one of", t -> t.remove("dtype")));
        all.add(norm("dtype a number", "is not one of", t -> t.put("dtype", 7)));
        all.add(norm("dtype of twice the size", "needs 256 bytes, got 128", t -> t.put("dtype", "I64")));
        all.add(norm("dtype of half the size", "needs 64 native bytes, got 128", t -> t.put("dtype", "BF16")));
        all.add(norm("dtype of blocks", "do not fill whole", t -> t.put("dtype", "Q6_K")));
        all.add(norm("no shape", "shape must be", t -> t.remove("shape")));
        all.add(norm("shape a string", "shape must be", t -> t.put("shape", "32")));
        all.add(norm("five axes", "shape must be", t -> shape(t, 1, 1, 1, 1, 32)));
        all.add(norm("negative extent", "extent -32 is not a positive int", t -> shape(t, -32)));
        all.add(norm("zero extent", "extent 0 is not a positive int", t -> shape(t, 0)));
        all.add(norm(
                "extent a fraction",
                "is not a positive int",
                t -> t.putArray("shape").add(32.5)));
        all.add(norm(
                "extent beyond int",
                "is not a positive int",
                t -> t.putArray("shape").add(1L << 40)));
        all.add(norm("too many elements", "tensor " + NORM, t -> shape(t, Integer.MAX_VALUE, Integer.MAX_VALUE, 32)));
        all.add(norm("shape too small", "needs 64 native bytes, got 128", t -> shape(t, 16)));
        all.add(norm("no offsets", "data_offsets must be two", t -> t.remove("data_offsets")));
        all.add(norm(
                "one offset",
                "data_offsets must be two",
                t -> t.putArray("data_offsets").add(0)));
        all.add(norm(
                "offsets are strings",
                "data_offsets must be two",
                t -> t.putArray("data_offsets").add("0").add("4")));
        all.add(norm("negative offset", "leave the", t -> offsets(t, -128, 0)));
        all.add(norm("offsets swapped", "leave the", t -> offsets(t, 128, 0)));
        all.add(norm("offsets beyond the end", "leave the", t -> offsets(t, 1L << 40, (1L << 40) + 128)));
        all.add(norm("overlap", "inside the end of its predecessor", t -> offsets(t, 0, 128)));
        all.add(header(
                "a gap",
                "not at the end of its predecessor",
                root -> root.remove("model.layers.0.mlp.up_proj.weight")));
        all.add(header("a tensor is null", "tensor model.norm.weight: shape must be", root -> root.putNull(NORM)));
        all.add(header("a tensor is a list", "tensor model.norm.weight: shape must be", root -> root.putArray(NORM)));
        all.add(header("another name", "tensor " + NORM + " is missing", root -> root.set("x", root.remove(NORM))));
        all.add(header(
                "two names for one place", "inside the end of its predecessor", root -> root.set("x", root.get(NORM))));
        all.add(header("another shape", "config.json asks for [32]", root -> shape((ObjectNode) root.get(NORM), 4, 8)));
        all.add(header("no tensors", "cut or padded", ObjectNode::removeAll));
    }

    private static void shape(ObjectNode tensor, int... extents) {
        ArrayNode shape = tensor.putArray("shape");
        Arrays.stream(extents).forEach(shape::add);
    }

    private static void offsets(ObjectNode tensor, long begin, long end) {
        tensor.putArray("data_offsets").add(begin).add(end);
    }

    private static Broken json(String file, String name, String says, Consumer<ObjectNode> change) {
        return folder(file + ": " + name, says, model -> {
            Path path = model.resolve(file);
            ObjectNode root = (ObjectNode) JSON.readTree(path.toFile());
            change.accept(root);
            JSON.writeValue(path.toFile(), root);
        });
    }

    private static Broken text(String file, String name, String says, String content) {
        return folder(file + ": " + name, says, model -> Files.writeString(model.resolve(file), content));
    }

    private static void configs(List<Broken> all) {
        String config = "config.json";
        all.add(folder("config.json: missing", "config.json: is missing", m -> Files.delete(m.resolve(config))));
        all.add(text(config, "empty", "is not", ""));
        all.add(text(config, "no JSON", "is not valid JSON", "{architectures}"));
        all.add(text(config, "an array", "is not a JSON object", "[1]"));
        all.add(text(config, "cut", "is not valid JSON", "{\"architectures\": [\"Qwen3For"));
        all.add(text(config, "deeply nested", "is not valid JSON", "{\"a\":".repeat(5000)));
        all.add(json(config, "no architecture", "architecture ''", c -> c.remove("architectures")));
        all.add(json(
                config,
                "unknown architecture",
                "'MysteryForCausalLM'",
                c -> c.putArray("architectures").add("MysteryForCausalLM")));
        for (String key : List.of("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")) {
            all.add(json(config, key + " is gone", key + " is missing", c -> c.remove(key)));
            all.add(json(config, key + " is 0", key + " is 0", c -> c.put(key, 0)));
            all.add(json(config, key + " is negative", key + " is -4", c -> c.put(key, -4)));
            all.add(json(config, key + " is text", key + " is \"many\"", c -> c.put(key, "many")));
            all.add(json(config, key + " is beyond int", key + " is 5000000000", c -> c.put(key, 5_000_000_000L)));
        }
        all.add(json(config, "another width", "config.json asks for", c -> c.put("hidden_size", 64)));
        all.add(json(config, "more layers than tensors", "model.layers.2.", c -> c.put("num_hidden_layers", 3)));
        all.add(json(
                config,
                "two thousand million layers",
                "at most 10000 are possible",
                c -> c.put("num_hidden_layers", Integer.MAX_VALUE)));
        all.add(text(config, "two objects", "is not valid JSON", "{} {}"));
        all.add(json(config, "no epsilon", "rms_norm_eps is 0", c -> c.put("rms_norm_eps", 0)));
        all.add(json(
                config,
                "windows of an unknown size",
                "sliding_window is missing",
                c -> c.put("use_sliding_window", true)));
        all.add(json(
                config,
                "windows in unknown layers",
                "max_window_layers is missing",
                c -> c.put("use_sliding_window", true).put("sliding_window", 8)));
        all.add(json(
                config,
                "a layer without a type",
                "layer_types has 1 entries for 2 layers",
                c -> c.put("use_sliding_window", true)
                        .put("sliding_window", 8)
                        .putArray("layer_types")
                        .add("full_attention")));
        all.add(json(
                config,
                "a layer of an unknown type",
                "layer_types has \"odd\"",
                c -> c.put("use_sliding_window", true)
                        .put("sliding_window", 8)
                        .putArray("layer_types")
                        .add("full_attention")
                        .add("odd")));
        all.add(json(
                config,
                "heads that turn in part",
                "partial_rotary_factor is 0.5",
                c -> c.put("partial_rotary_factor", 0.5)));
        all.add(json(config, "an odd number of turning elements", "partial_rotary_factor is 0.4", c -> {
            c.putArray("architectures").add("Phi3ForCausalLM");
            c.put("partial_rotary_factor", 0.4);
        }));
        all.add(json(
                config,
                "too few divisors",
                "rope_scaling.short_factor is [1.0]; 4 positive",
                c -> c.putObject("rope_scaling")
                        .put("rope_type", "longrope")
                        .putArray("short_factor")
                        .add(1.0)));
        all.add(text("tokenizer_config.json", "no JSON", "is not valid JSON", "{"));
        all.add(text("generation_config.json", "an array", "is not a JSON object", "[]"));
    }

    private static void tokenizers(List<Broken> all) {
        String file = "tokenizer.json";
        all.add(folder("tokenizer.json: missing", "tokenizer.json: is missing", m -> Files.delete(m.resolve(file))));
        all.add(text(file, "empty", "is not a tokenizer", ""));
        all.add(text(file, "no JSON", "is not a tokenizer", "\u0000\u0001"));
        all.add(text(file, "an array", "is not a tokenizer", "[]"));
        all.add(json(file, "no model", "is not a tokenizer", t -> t.remove("model")));
        all.add(json(
                file, "unknown model", "is not a tokenizer", t -> ((ObjectNode) t.get("model")).put("type", "Oracle")));
        all.add(json(file, "negative id", "is not a tokenizer", t -> ((ObjectNode) t.at("/model/vocab")).put("a", -1)));
        all.add(json(file, "id of text", "is not a tokenizer", t -> ((ObjectNode) t.at("/model/vocab")).put("a", "1")));
        all.add(json(file, "merge of unknown tokens", "is not a tokenizer", t -> merges(t, "qq zz")));
        all.add(json(
                file, "merges that eat each other", "is not a tokenizer", t -> merges(t, "a b", "ab a", "aba ab")));
        all.add(json(file, "merge of one token", "is not a tokenizer", t -> merges(t, "ab")));
        all.add(json(
                file,
                "unknown pre-tokenizer",
                "is not a tokenizer",
                t -> t.putObject("pre_tokenizer").put("type", "Axe")));
        all.add(json(
                file,
                "bad regular expression",
                "is not a tokenizer",
                t -> t.putObject("pre_tokenizer")
                        .put("type", "Split")
                        .put("behavior", "Isolated")
                        .put("invert", false)
                        .putObject("pattern")
                        .put("Regex", "([")));
    }

    private static void merges(ObjectNode tokenizer, String... merges) {
        ArrayNode array = ((ObjectNode) tokenizer.get("model")).putArray("merges");
        Arrays.stream(merges).forEach(array::add);
    }

    private static Broken index(String name, String says, String content) {
        return text("model.safetensors.index.json", name, says, content);
    }

    private static void shards(List<Broken> all) {
        all.add(index("no JSON", "is not valid JSON", "{"));
        all.add(index("no map", "names no shard", "{}"));
        all.add(index("empty map", "names no shard", "{\"weight_map\": {}}"));
        for (String name : List.of(
                "../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", "model.bin", "a\\u0000.safetensors")) {
            all.add(index("shard " + name, "is not a plain file name", "{\"weight_map\": {\"a\": \"" + name + "\"}}"));
        }
        all.add(index("missing shard", "m2.safetensors: is missing", "{\"weight_map\": {\"a\": \"m2.safetensors\"}}"));
        all.add(folder("shards that share a tensor", "is in another shard too", m -> {
            Files.copy(m.resolve("model.safetensors"), m.resolve("twin.safetensors"));
            Files.writeString(
                    m.resolve("model.safetensors.index.json"),
                    "{\"weight_map\": {\"a\": \"model.safetensors\", \"b\": \"twin.safetensors\"}}");
        }));
        all.add(folder(
                "weights missing", "model.safetensors: is missing", m -> Files.delete(m.resolve("model.safetensors"))));
        all.add(folder("weights a folder", "model.safetensors: is missing", m -> {
            Files.delete(m.resolve("model.safetensors"));
            Files.createDirectory(m.resolve("model.safetensors"));
        }));
    }

    private static Broken fp8(String name, String says, float scale, int scaleRows, String blockSize) {
        return folder("fp8: " + name, says, model -> {
            ObjectNode config =
                    (ObjectNode) JSON.readTree(model.resolve("config.json").toFile());
            config.set(
                    "quantization_config",
                    JSON.readTree("{\"quant_method\": \"fp8\", \"weight_block_size\": " + blockSize + "}"));
            JSON.writeValue(model.resolve("config.json").toFile(), config);
            try (Arena arena = Arena.ofShared()) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                Tensor codes = new Tensor(DType.F8_E4M3, new int[] {4, 4}, arena.allocate(16));
                tensors.put("a.weight", codes);
                if (scaleRows > 0) {
                    float[] scales = new float[scaleRows];
                    Arrays.fill(scales, scale);
                    tensors.put("a.weight_scale_inv", Tensor.of(arena, scales, scaleRows, 1));
                }
                Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
                tensors.forEach((key, t) -> declared.put(key, new SafetensorsWriter.Declared(t.dtype(), t.shape())));
                try (SafetensorsWriter writer =
                        new SafetensorsWriter(model.resolve("model.safetensors"), declared, Map.of())) {
                    for (var entry : tensors.entrySet()) {
                        writer.write(entry.getKey(), entry.getValue());
                    }
                    writer.finish();
                }
            }
        });
    }

    private static void quantized(List<Broken> all) {
        all.add(fp8("NaN scale", "hold NaN at 0", Float.NaN, 1, "[4, 4]"));
        all.add(fp8("zero scale", "hold 0.0 at 0", 0, 1, "[4, 4]"));
        all.add(fp8("negative scale", "hold -1.0 at 0", -1, 2, "[2, 4]"));
        all.add(fp8("infinite scale", "hold Infinity at 0", Float.POSITIVE_INFINITY, 2, "[2, 4]"));
        all.add(fp8("too many scales", "do not fit tensor", 1, 3, "[2, 4]"));
        all.add(fp8("no scales", "without a.weight_scale_inv", 1, 0, "[2, 4]"));
        all.add(fp8("block size 0", "weight_block_size", 1, 2, "[0, 4]"));
        all.add(fp8("block size of text", "weight_block_size", 1, 2, "[\"2\", 4]"));
        all.add(json(
                "config.json",
                "unknown quantization",
                "quant_method 'magic'",
                c -> c.putObject("quantization_config").put("quant_method", "magic")));
    }
}
