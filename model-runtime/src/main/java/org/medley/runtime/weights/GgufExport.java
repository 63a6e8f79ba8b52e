package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** Writes a model as one GGUF file that llama.cpp reads. */
public final class GgufExport {
    private static final Pattern EXPERT = Pattern.compile("(.*\\.experts\\.)(\\d{1,5})(\\..*)");
    /** Buffers that can be computed, scales of activations, and BERT's head for a task nobody asks for. */
    private static final Pattern SKIPPED =
            Pattern.compile(".*rotary_emb\\.inv_freq|.*\\.input_scale|(bert\\.)?(pooler|cls)\\..*|.*position_ids");

    private static final Map<DType, Integer> FILE_TYPES = Map.of(
            DType.F32,
            0,
            DType.F16,
            1,
            DType.Q4_0,
            2,
            DType.Q8,
            7,
            DType.Q4_K,
            15,
            DType.Q5_K,
            17,
            DType.Q6_K,
            18,
            DType.BF16,
            32);

    private final ModelSource source;
    private final JsonNode config;
    private final GgufFamily family;
    private final DType format;
    private final Arena arena;
    /** The parts of each tensor to be written: one, or the experts of a stack in order. */
    private final Map<String, List<Tensor>> parts = new TreeMap<>();

    private GgufExport(ModelSource source, DType format, Arena arena) {
        this.source = source;
        this.config = source.config();
        this.format = format;
        this.arena = arena;
        String architecture = config.path("architectures").path(0).asText("");
        this.family = GgufFamily.ofHuggingFace(architecture);
        if (family == null) {
            throw new BadModelException(
                    source.configFile(), "architecture '" + architecture + "' cannot be written as GGUF");
        }
        if (config.path("use_sliding_window").asBoolean(false)) {
            throw new BadModelException(
                    source.configFile(),
                    "use_sliding_window is true; a GGUF file of architecture " + family.gguf
                            + " cannot say which layers see a window");
        }
    }

    /**
     * @param format F32, BF16, F16, Q8 or Q4_0 for matrices, or null for what each is stored in; vectors are written as
     *     F32
     * @throws BadModelException if the model is not of an architecture that llama.cpp has under another name
     */
    public static void write(ModelSource source, Path target, DType format) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            new GgufExport(source, format, arena).write(target);
        }
    }

    private void write(Path target) throws IOException {
        source.weights(arena).forEach(this::add);
        ropeDivisors();
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        parts.forEach((name, tensors) -> declared.put(name, declared(tensors)));
        Map<String, Object> metadata = metadata(target);
        try (GgufWriter writer = new GgufWriter(target, metadata, declared)) {
            for (var entry : declared.entrySet()) {
                try (Arena step = Arena.ofShared()) {
                    writer.write(entry.getKey(), joined(parts.get(entry.getKey()), entry.getValue(), step));
                }
            }
            writer.finish();
        }
    }

    /** What Hugging Face keeps in the configuration and llama.cpp in tensors. */
    private void ropeDivisors() {
        JsonNode scaling = config.path("rope_scaling");
        switch (scaling.path("rope_type").asText(scaling.path("type").asText(""))) {
            case "llama3" -> {
                double base = config.path("rope_theta").asDouble(10_000);
                float[] divisors = RopeFactors.of(scaling, headSize(), base);
                parts.put("rope_freqs.weight", List.of(Tensor.of(arena, divisors, divisors.length)));
            }
            case "longrope" -> {
                for (String kind : List.of("long", "short")) {
                    JsonNode array = scaling.path(kind + "_factor");
                    float[] factors = new float[array.size()];
                    for (int i = 0; i < factors.length; i++) {
                        factors[i] = (float) array.get(i).asDouble();
                    }
                    parts.put("rope_factors_" + kind + ".weight", List.of(Tensor.of(arena, factors, factors.length)));
                }
            }
            default -> {}
        }
    }

    private void add(String stored, Tensor tensor) {
        if (SKIPPED.matcher(stored).matches()) {
            return;
        }
        String name = family == GgufFamily.BERT ? stored.replaceFirst("^bert\\.", "") : stored;
        Matcher expert = EXPERT.matcher(name);
        boolean isExpert = expert.matches();
        String stem = isExpert ? expert.group(1) + "*" + expert.group(3) : name;
        String target = family.toGguf(stem);
        if (target == null) {
            throw new BadModelException(
                    source.path(), "tensor " + name + " has no name in a GGUF file of architecture " + family.gguf);
        }
        List<Tensor> stack = parts.computeIfAbsent(target, key -> new ArrayList<>());
        if (!isExpert) {
            stack.add(arranged(target, tensor));
            return;
        }
        int index = Integer.parseInt(expert.group(2));
        while (stack.size() <= index) {
            stack.add(null);
        }
        stack.set(index, tensor);
    }

    private Tensor arranged(String target, Tensor tensor) {
        if (family.interleaved() && target.matches("blk\\.\\d+\\.attn_[qk]\\..*")) {
            boolean keys = target.contains("attn_k.");
            int heads = config.path("num_attention_heads").asInt();
            int count = keys ? config.path("num_key_value_heads").asInt(heads) : heads;
            Tensor plain = tensor.scales() == null ? tensor : Formats.convert(tensor, DType.BF16, arena);
            return RowOrder.toInterleaved(plain, count, arena);
        }
        if (family.normsWithOne() && target.endsWith("norm.weight")) {
            float[] values = tensor.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] += 1;
            }
            return Tensor.of(arena, values, tensor.shape());
        }
        return tensor;
    }

    private static DType kept(Tensor tensor) {
        boolean known = tensor.scales() == null && GgmlType.of(tensor.dtype()).isPresent();
        return known ? tensor.dtype() : DType.BF16;
    }

    private SafetensorsWriter.Declared declared(List<Tensor> tensors) {
        int[] shape = tensors.getFirst().shape();
        boolean vector = shape.length == 1;
        boolean fits = format != null && shape[shape.length - 1] % format.blockElements() == 0;
        DType dtype = vector ? DType.F32 : format == null ? kept(tensors.getFirst()) : fits ? format : DType.F16;
        if (tensors.size() > 1) {
            shape = new int[] {tensors.size(), shape[0], shape[1]};
        }
        return new SafetensorsWriter.Declared(dtype, shape);
    }

    private Tensor joined(List<Tensor> tensors, SafetensorsWriter.Declared declared, Arena step) {
        if (tensors.size() == 1) {
            return tensors.getFirst();
        }
        MemorySegment all = step.allocate(declared.bytes(), 64);
        long at = 0;
        for (Tensor tensor : tensors) {
            if (tensor == null) {
                throw new BadModelException(source.path(), "an expert's tensor is missing");
            }
            MemorySegment part = Formats.convert(tensor, declared.dtype(), step).data();
            MemorySegment.copy(part, 0, all, at, part.byteSize());
            at += part.byteSize();
        }
        return new Tensor(declared.dtype(), declared.shape(), all);
    }

    private Map<String, Object> metadata(Path target) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", family.gguf);
        metadata.put("general.name", target.getFileName().toString().replaceFirst("\\.gguf$", ""));
        metadata.put("general.file_type", format == null ? 0 : FILE_TYPES.getOrDefault(format, 0));
        metadata.put("general.quantization_version", 2);
        int vocabulary = config.path("vocab_size").asInt();
        metadata.put(family.gguf + ".vocab_size", vocabulary);
        for (GgufConfig.Field field : GgufConfig.fields(family)) {
            JsonNode value = config.path(field.huggingFace());
            if (value.isNumber()) {
                metadata.put(
                        family.gguf + "." + field.gguf(),
                        field.whole() ? (Object) value.asInt() : (float) value.asDouble());
            }
        }
        if (family == GgufFamily.BERT) {
            metadata.put("bert.attention.causal", false);
            metadata.put(
                    "tokenizer.ggml.token_type_count",
                    config.path("type_vocab_size").asInt(2));
            EmbeddingSettings.Pooling pooling = source.embeddingSettings().pooling();
            if (pooling != null) {
                metadata.put("bert.pooling_type", EmbeddingSettings.ggufNumber(pooling));
            }
        } else {
            heads(metadata);
            scaling(metadata);
        }
        metadata.putAll(GgufVocabulary.of(source, family, vocabulary));
        if (source.chatTemplate() != null) {
            metadata.put("tokenizer.chat_template", source.chatTemplate());
        }
        return metadata;
    }

    private int headSize() {
        return config.path("head_dim")
                .asInt(config.path("hidden_size").asInt()
                        / config.path("num_attention_heads").asInt(1));
    }

    private void heads(Map<String, Object> metadata) {
        int size = headSize();
        metadata.put(family.gguf + ".attention.key_length", size);
        metadata.put(family.gguf + ".attention.value_length", size);
        double rotated = size * config.path("partial_rotary_factor").asDouble(1);
        metadata.put(family.gguf + ".rope.dimension_count", (int) rotated);
    }

    private void scaling(Map<String, Object> metadata) {
        JsonNode scaling = config.path("rope_scaling");
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        String prefix = family.gguf + ".rope.scaling.";
        switch (type) {
            case "default", "llama3", "longrope" -> {}
            case "linear", "yarn" -> {
                metadata.put(prefix + "type", type);
                metadata.put(prefix + "factor", (float) scaling.path("factor").asDouble(1));
                if (scaling.has("original_max_position_embeddings")) {
                    metadata.put(
                            prefix + "original_context_length",
                            scaling.path("original_max_position_embeddings").asInt());
                }
            }
            default ->
                throw new BadModelException(
                        source.configFile(), "rope_scaling of type '" + type + "' cannot be written as GGUF");
        }
    }
}
