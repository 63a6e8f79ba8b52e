package org.medley.runtime.tensor.cuda;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.tensor.Tensor;

/**
 * Device memory for the intermediate results of one pass, handed out by moving a pointer and taken back all at once by
 * {@link #reset()}. That moves and frees no slab, so that a recorded pass finds its addresses again.
 */
public final class DeviceWorkspace implements AutoCloseable {
    static final long ALIGNMENT = 256;
    static final long SLAB_BYTES = 64L << 20;

    private record Slab(long address, long bytes) {}

    private final DeviceMemory memory;
    private final List<Slab> slabs = new ArrayList<>();
    private int slab;
    private long used;

    public DeviceWorkspace(DevicePool pool) {
        this.memory = new DeviceMemory(pool, DevicePool.WORK);
    }

    public Tensor tensor(int rows, int cols) {
        return DeviceMemory.tensor(allocate(4L * rows * cols), rows, cols);
    }

    public long allocate(long bytes) {
        while (slab < slabs.size() && used + bytes > slabs.get(slab).bytes) {
            slab++;
            used = 0;
        }
        if (slab == slabs.size()) {
            long size = Math.max(SLAB_BYTES, bytes);
            slabs.add(new Slab(memory.allocate(size), size));
            used = 0;
        }
        long address = slabs.get(slab).address + used;
        used = Math.ceilDiv(used + bytes, ALIGNMENT) * ALIGNMENT;
        return address;
    }

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

    /** Takes back all where nothing recorded points in here, and has so many bytes in one slab, the only one. */
    public void reset(long bytes) {
        if (slabs.size() != 1 || slabs.getFirst().bytes < bytes) {
            slabs.clear();
            memory.close();
            long size = slabs(bytes);
            slabs.add(new Slab(memory.allocate(size), size));
        }
        reset();
    }

    /** So many bytes in whole slabs. */
    static long slabs(long bytes) {
        return Math.ceilDiv(bytes, SLAB_BYTES) * SLAB_BYTES;
    }

    public long bytes() {
        return memory.bytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
