package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/**
 * Writes a safetensors file tensor by tensor, so that only one need be in memory: all names and shapes are declared
 * first (they make the header), then each tensor's data is given in the declared order. The file appears under its name
 * only by {@link #finish()}, forced to disk; whatever happens before leaves a {@code .partial} beside it or nothing.
 */
public final class SafetensorsWriter implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a tensor will be. */
    public record Declared(DType dtype, int... shape) {
        public long bytes() {
            long elements = 1;
            for (int extent : shape) {
                elements *= extent;
            }
            return dtype.bytes(elements);
        }
    }

    private final PartialFile file;
    private final Map<String, Declared> pending;

    public SafetensorsWriter(Path target, Map<String, Declared> declared, Map<String, String> metadata)
            throws IOException {
        this.pending = new LinkedHashMap<>(declared);
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode strings = header.putObject("__metadata__");
            metadata.forEach(strings::put);
        }
        long offset = 0;
        for (var entry : declared.entrySet()) {
            ObjectNode node = header.putObject(entry.getKey());
            node.put("dtype", entry.getValue().dtype().label());
            var shape = node.putArray("shape");
            for (int extent : entry.getValue().shape()) {
                shape.add(extent);
            }
            node.putArray("data_offsets")
                    .add(offset)
                    .add(offset + entry.getValue().bytes());
            offset += entry.getValue().bytes();
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(padded).put(json);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        file = new PartialFile(target, start.flip());
    }

    /** Appends the next declared tensor, converting F32 to the declared format where they differ. */
    public void write(String name, Tensor tensor) throws IOException {
        var next = pending.entrySet().iterator().next();
        if (!next.getKey().equals(name)) {
            throw new IllegalStateException("tensor " + name + " comes where " + next.getKey() + " was declared");
        }
        MemorySegment data = tensor.dtype() == next.getValue().dtype()
                ? tensor.data()
                : Formats.convert(tensor, next.getValue().dtype(), Arena.ofAuto())
                        .data();
        if (data.byteSize() != next.getValue().bytes()) {
            throw new IllegalArgumentException("tensor " + name + " " + tensor + " is not as declared");
        }
        file.write(data);
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
}
