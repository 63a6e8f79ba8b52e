package org.medley.runtime.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for the intermediate tensors of one step, handed out by moving a pointer and taken back all at once by {@link
 * #reset()}. It grows by whole slabs the first time a step needs more, so that a steady state allocates nothing. Not
 * safe for use by several threads.
 */
public final class Workspace implements AutoCloseable {
    private static final long SLAB_BYTES = 16L << 20;
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> slabs = new ArrayList<>();
    private int slab;
    private long used;

    /** An F32 tensor whose contents are whatever lay there before. */
    public Tensor tensor(int... shape) {
        long elements = 1;
        for (int extent : shape) {
            elements *= extent;
        }
        return new Tensor(DType.F32, shape, allocate(DType.F32.bytes(elements)));
    }

    public Tensor zeros(int... shape) {
        Tensor tensor = tensor(shape);
        tensor.fillZero();
        return tensor;
    }

    private MemorySegment allocate(long bytes) {
        while (slab < slabs.size() && used + bytes > slabs.get(slab).byteSize()) {
            slab++;
            used = 0;
        }
        if (slab == slabs.size()) {
            slabs.add(arena.allocate(Math.max(SLAB_BYTES, bytes), ALIGNMENT));
            used = 0;
        }
        MemorySegment segment = slabs.get(slab).asSlice(used, bytes);
        used = (used + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return segment;
    }

    /** Takes back every tensor handed out since the last reset; using one afterwards reads somebody else's values. */
    public void reset() {
        slab = 0;
        used = 0;
    }

    /** A place to which what is handed out from now on can be taken back. */
    public record Mark(int slab, long used) {}

    public Mark mark() {
        return new Mark(slab, used);
    }

    /** Takes back what was handed out since the mark, as {@link #reset()} does for all. */
    public void release(Mark mark) {
        slab = mark.slab;
        used = mark.used;
    }

    /** Bytes held, used or not. */
    public long capacity() {
        return slabs.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    @Override
    public void close() {
        arena.close();
    }
}
