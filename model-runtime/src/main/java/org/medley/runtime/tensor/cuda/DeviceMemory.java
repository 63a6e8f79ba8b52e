package org.medley.runtime.tensor.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** Device memory that is held until it is freed, or all at once with this. */
final class DeviceMemory implements AutoCloseable {
    private final Gpu gpu;
    private final Map<Long, Long> held = new HashMap<>();

    DeviceMemory(Gpu gpu) {
        this.gpu = gpu;
    }

    long allocate(long bytes) {
        long address = gpu.allocate(bytes);
        held.put(address, bytes);
        return address;
    }

    void free(long address) {
        if (held.remove(address) == null) {
            throw new IllegalArgumentException("device memory at " + Long.toHexString(address) + " is not held");
        }
        gpu.free(address);
    }

    long bytes() {
        return held.values().stream().mapToLong(Long::longValue).sum();
    }

    /** F32 device memory as a tensor, which the host must not read. */
    static Tensor tensor(long address, int... shape) {
        long elements = 1;
        for (int extent : shape) {
            elements *= extent;
        }
        long bytes = DType.F32.bytes(elements);
        return new Tensor(DType.F32, shape, MemorySegment.ofAddress(address).reinterpret(bytes));
    }

    @Override
    public void close() {
        held.keySet().forEach(gpu::free);
        held.clear();
    }
}
