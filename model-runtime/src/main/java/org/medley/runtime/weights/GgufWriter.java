package org.medley.runtime.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/**
 * Writes a GGUF file of version 3 tensor by tensor, so that only one need be in memory; like {@link SafetensorsWriter}
 * it makes a {@code .partial} file that gets its name when all is written.
 *
 * <p>Metadata values are {@link Integer} (uint32), {@link Long} (uint64), {@link Float}, {@link Double},
 * {@link Boolean}, {@link String}, {@code int[]} (int32), {@code float[]} or a {@link List} of strings.
 */
public final class GgufWriter implements AutoCloseable {
    private static final int ALIGNMENT = 32;

    private final PartialFile file;
    private final Map<String, SafetensorsWriter.Declared> pending;

    public GgufWriter(Path target, Map<String, Object> metadata, Map<String, SafetensorsWriter.Declared> declared)
            throws IOException {
        this.pending = new LinkedHashMap<>(declared);
        Header header = new Header();
        header.text("GGUF", false).u32(3).u64(declared.size()).u64(metadata.size());
        metadata.forEach((key, value) -> header.text(key, true).value(key, value));
        long offset = 0;
        for (var entry : declared.entrySet()) {
            header.tensor(entry.getKey(), entry.getValue(), offset);
            offset += padded(entry.getValue().bytes());
        }
        header.pad();
        this.file = new PartialFile(target, ByteBuffer.wrap(header.bytes.toByteArray()));
    }

    private static long padded(long size) {
        return Math.ceilDiv(size, (long) ALIGNMENT) * ALIGNMENT;
    }

    /** Appends the next declared tensor, converting it to the declared format where they differ. */
    public void write(String name, Tensor tensor) throws IOException {
        var next = pending.entrySet().iterator().next();
        if (!next.getKey().equals(name)) {
            throw new IllegalStateException("tensor " + name + " comes where " + next.getKey() + " was declared");
        }
        DType dtype = next.getValue().dtype();
        try (Arena arena = Arena.ofShared()) {
            boolean asStored = tensor.dtype() == dtype && tensor.scales() == null;
            MemorySegment data = (asStored ? tensor : Formats.convert(tensor, dtype, arena)).data();
            if (data.byteSize() != next.getValue().bytes()) {
                throw new IllegalArgumentException("tensor " + name + " " + tensor + " is not as declared");
            }
            file.write(data);
            file.write(ByteBuffer.allocate((int) (padded(data.byteSize()) - data.byteSize())));
        }
        pending.remove(name);
    }

    /** Forces the file to disk and gives it its name. */
    public void finish() throws IOException {
        if (!pending.isEmpty()) {
            throw new IllegalStateException("tensors declared but not written: " + pending.keySet());
        }
        file.finish();
    }

    /** Removes what an unfinished write left. */
    @Override
    public void close() throws IOException {
        file.close();
    }

    private static final class Header {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Header u32(int value) {
            bytes.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array());
            return this;
        }

        Header u64(long value) {
            bytes.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
            return this;
        }

        Header text(String text, boolean counted) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            if (counted) {
                u64(utf8.length);
            }
            bytes.writeBytes(utf8);
            return this;
        }

        void value(String key, Object value) {
            switch (value) {
                case Integer i -> u32(4).u32(i);
                case Long l -> u32(10).u64(l);
                case Float f -> u32(6).u32(Float.floatToRawIntBits(f));
                case Double d -> u32(12).u64(Double.doubleToRawLongBits(d));
                case Boolean b -> {
                    u32(7);
                    bytes.write(b ? 1 : 0);
                }
                case String s -> u32(8).text(s, true);
                case int[] ints -> {
                    u32(9).u32(5).u64(ints.length);
                    for (int i : ints) {
                        u32(i);
                    }
                }
                case float[] floats -> {
                    u32(9).u32(6).u64(floats.length);
                    for (float f : floats) {
                        u32(Float.floatToRawIntBits(f));
                    }
                }
                case List<?> texts -> {
                    u32(9).u32(8).u64(texts.size());
                    texts.forEach(text -> text((String) text, true));
                }
                default ->
                    throw new IllegalArgumentException(
                            "metadata " + key + " is a " + value.getClass().getSimpleName() + ", which GGUF has not");
            }
        }

        void tensor(String name, SafetensorsWriter.Declared declared, long offset) {
            GgmlType type = GgmlType.of(declared.dtype())
                    .orElseThrow(() -> new IllegalArgumentException(
                            "tensor " + name + " is " + declared.dtype().label() + ", which GGUF has not"));
            int[] shape = declared.shape();
            text(name, true).u32(shape.length);
            for (int axis = shape.length - 1; axis >= 0; axis--) {
                u64(shape[axis]);
            }
            u32(type.id).u64(offset);
        }

        void pad() {
            bytes.writeBytes(new byte[(int) (padded(bytes.size()) - bytes.size())]);
        }
    }
}
