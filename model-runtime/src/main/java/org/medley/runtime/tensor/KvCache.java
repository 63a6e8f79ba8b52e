package org.medley.runtime.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Keys and values of one sequence: per layer {@code [capacity, width]} in F32, where width = key-value heads × head
 * size. The length moves only by {@link #advance}, after all layers of a step have appended their rows.
 */
public final class KvCache implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment keys;
    private final MemorySegment values;
    private final int capacity;
    private final int width;
    private int length;

    public KvCache(int layers, int capacity, int width) {
        this.capacity = capacity;
        this.width = width;
        long bytes = (long) layers * capacity * width * Float.BYTES;
        keys = arena.allocate(bytes, 64);
        values = arena.allocate(bytes, 64);
    }

    /** Tokens whose keys and values are complete in every layer. */
    public int length() {
        return length;
    }

    /** Address of the keys of token 0 in {@code layer}; rows are {@code width} floats apart. */
    public long keys(int layer) {
        return keys.address() + (long) layer * capacity * width * Float.BYTES;
    }

    public long values(int layer) {
        return values.address() + (long) layer * capacity * width * Float.BYTES;
    }

    /** Appends rows behind the current length without moving it, since the other layers still have to do the same. */
    void append(int layer, long keyRows, long valueRows, int rows) {
        if (length + rows > capacity) {
            throw new IllegalStateException(
                    "sequence of " + (length + rows) + " tokens exceeds the cache's capacity of " + capacity);
        }
        long bytes = (long) rows * width * Float.BYTES;
        long at = (long) length * width * Float.BYTES;
        MemorySegment.copy(Memory.ALL, keyRows, Memory.ALL, keys(layer) + at, bytes);
        MemorySegment.copy(Memory.ALL, valueRows, Memory.ALL, values(layer) + at, bytes);
    }

    public void advance(int rows) {
        length += rows;
    }

    @Override
    public void close() {
        arena.close();
    }
}
