package org.medley.runtime.tensor.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** Device memory that is held until it is freed, or all at once with this. */
public final class DeviceMemory implements AutoCloseable {
    private final DevicePool pool;
    private final String use;
    private final Map<Long, Long> held = new HashMap<>();

    /** @param use what it is held for */
    public DeviceMemory(DevicePool pool, String use) {
        this.pool = pool;
        this.use = use;
    }

    public long allocate(long bytes) {
        long address = pool.allocate(use, bytes);
        held.put(address, bytes);
        return address;
    }

    public void free(long address) {
        Long bytes = held.remove(address);
        if (bytes == null) {
            throw new IllegalArgumentException("device memory at " + Long.toHexString(address) + " is not held");
        }
        pool.free(use, address, bytes);
    }

    public long bytes() {
        return held.values().stream().mapToLong(Long::longValue).sum();
    }

    /** F32 device memory as a tensor, which the host must not read. */
    public static Tensor tensor(long address, int... shape) {
        long elements = 1;
        for (int extent : shape) {
            elements *= extent;
        }
        long bytes = DType.F32.bytes(elements);
        return new Tensor(DType.F32, shape, MemorySegment.ofAddress(address).reinterpret(bytes));
    }

    @Override
    public void close() {
        held.forEach((address, bytes) -> pool.free(use, address, bytes));
        held.clear();
    }
}
