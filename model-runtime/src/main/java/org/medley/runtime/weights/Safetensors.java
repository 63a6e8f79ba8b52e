package org.medley.runtime.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/**
 * One safetensors file, mapped and not copied: 8 bytes of header length, a JSON header, then the data that the header's
 * offsets cut into tensors. Every offset is checked before anything is read through it, as the format demands: tensors
 * lie inside the file, do not overlap, and leave no gap.
 */
public final class Safetensors {
    private static final long MAX_HEADER = 100_000_000;
    /** Bytes per element of what the format knows and no network here reads: buffers of positions, masks. */
    private static final Map<String, Integer> LEFT_OUT =
            Map.of("BOOL", 1, "U8", 1, "I16", 2, "U16", 2, "U32", 4, "I64", 8, "U64", 8, "F64", 8);

    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxStringLength((int) MAX_HEADER)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Map<String, Tensor> tensors;
    private final Map<String, String> metadata;

    private Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {
        this.tensors = tensors;
        this.metadata = metadata;
    }

    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /** The strings under {@code __metadata__}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * Maps the file for as long as {@code arena} lives.
     *
     * @throws BadModelException if the header is not what the format defines
     */
    public static Safetensors map(Path file, Arena arena) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < 8) {
                throw new BadModelException(file, "is " + size + " bytes long; a safetensors file has at least 8");
            }
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            long header = all.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
            if (header < 2 || header > MAX_HEADER || header > size - 8) {
                throw new BadModelException(
                        file,
                        "header length " + Long.toUnsignedString(header) + " does not fit a file of " + size
                                + " bytes (limit " + MAX_HEADER + ")");
            }
            JsonNode root = JSON.readTree(all.asSlice(8, header).toArray(ValueLayout.JAVA_BYTE));
            if (root == null || !root.isObject()) {
                throw new BadModelException(file, "header is not a JSON object");
            }
            return read(file, root, all.asSlice(8 + header));
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new BadModelException(file, "header is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    private record Extent(String name, long begin, long end) {}

    private static Safetensors read(Path file, JsonNode root, MemorySegment data) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Extent> extents = new ArrayList<>();
        root.properties().forEach(entry -> {
            if (entry.getKey().equals("__metadata__")) {
                entry.getValue()
                        .properties()
                        .forEach(m -> metadata.put(m.getKey(), m.getValue().asText()));
                return;
            }
            String name = entry.getKey();
            String kind = entry.getValue().path("dtype").asText("");
            int[] shape = shape(file, name, entry.getValue().path("shape"));
            JsonNode offsets = entry.getValue().path("data_offsets");
            if (offsets.size() != 2
                    || !offsets.get(0).canConvertToLong()
                    || !offsets.get(1).canConvertToLong()) {
                throw new BadModelException(file, "tensor " + name + ": data_offsets must be two integers");
            }
            long begin = offsets.get(0).asLong();
            long end = offsets.get(1).asLong();
            if (begin < 0 || end < begin || end > data.byteSize()) {
                throw new BadModelException(
                        file,
                        "tensor " + name + ": offsets [" + begin + ", " + end + ") leave the " + data.byteSize()
                                + " bytes of data");
            }
            if (LEFT_OUT.containsKey(kind)) {
                checkLength(file, name, kind, shape, end - begin);
            } else {
                DType dtype = dtype(file, name, kind);
                tensors.put(name, tensor(file, name, dtype, shape, data.asSlice(begin, end - begin)));
            }
            extents.add(new Extent(name, begin, end));
        });
        checkTiling(file, extents, data.byteSize());
        return new Safetensors(Map.copyOf(tensors), Map.copyOf(metadata));
    }

    private static Tensor tensor(Path file, String name, DType dtype, int[] shape, MemorySegment data) {
        try {
            return new Tensor(dtype, shape, data);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new BadModelException(file, "tensor " + name + ": " + e.getMessage(), e);
        }
    }

    private static void checkLength(Path file, String name, String kind, int[] shape, long bytes) {
        BigInteger needed = BigInteger.valueOf(LEFT_OUT.get(kind));
        for (int extent : shape) {
            needed = needed.multiply(BigInteger.valueOf(extent));
        }
        if (!needed.equals(BigInteger.valueOf(bytes))) {
            throw new BadModelException(
                    file,
                    "tensor " + name + ": " + kind + Arrays.toString(shape) + " needs " + needed + " bytes, got "
                            + bytes);
        }
    }

    private static DType dtype(Path file, String name, String label) {
        for (DType dtype : DType.values()) {
            if (dtype.label().equals(label)) {
                return dtype;
            }
        }
        String known = Stream.of(DType.values()).map(DType::label).collect(Collectors.joining(", "));
        throw new BadModelException(file, "tensor " + name + ": dtype '" + label + "' is not one of " + known);
    }

    private static int[] shape(Path file, String name, JsonNode node) {
        if (!node.isArray() || node.size() > 4) {
            throw new BadModelException(file, "tensor " + name + ": shape must be at most 4 extents");
        }
        if (node.isEmpty()) {
            return new int[] {1};
        }
        int[] shape = new int[node.size()];
        for (int i = 0; i < shape.length; i++) {
            JsonNode extent = node.get(i);
            if (!extent.canConvertToInt() || !extent.isIntegralNumber() || extent.asInt() < 1) {
                throw new BadModelException(file, "tensor " + name + ": extent " + extent + " is not a positive int");
            }
            shape[i] = extent.asInt();
        }
        return shape;
    }

    private static void checkTiling(Path file, List<Extent> extents, long size) {
        extents.sort(Comparator.comparingLong(Extent::begin).thenComparingLong(Extent::end));
        long at = 0;
        for (Extent extent : extents) {
            if (extent.begin != at) {
                throw new BadModelException(
                        file,
                        "tensor " + extent.name + " begins at " + extent.begin
                                + (extent.begin < at ? ", inside" : ", not at") + " the end of its predecessor, " + at);
            }
            at = extent.end;
        }
        if (at != size) {
            throw new BadModelException(file, "tensors end at byte " + at + " of " + size + ": cut or padded file");
        }
    }
}
