package org.medley.training.gpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;

/** Small arrays that ops bring to the device and back, by way of a workspace. */
record Uploads(Gpu gpu, DeviceWorkspace workspace) {
    long floats(float[] values) {
        long address = workspace.allocate(4L * values.length);
        put(gpu, values, address);
        return address;
    }

    /** Returns when they are there. */
    static void put(Gpu gpu, float[] values, long to) {
        try (Arena arena = Arena.ofConfined()) {
            gpu.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values).address(), to, 4L * values.length);
            gpu.synchronize();
        }
    }

    long ints(int[] values) {
        long address = workspace.allocate(4L * values.length);
        put(gpu, values, address);
        return address;
    }

    /** Returns when they are there. */
    static void put(Gpu gpu, int[] values, long to) {
        try (Arena arena = Arena.ofConfined()) {
            gpu.upload(arena.allocateFrom(ValueLayout.JAVA_INT, values).address(), to, 4L * values.length);
            gpu.synchronize();
        }
    }

    /** Waits for results and copies them. */
    float[] read(long address, long count) {
        float[] values = new float[Math.toIntExact(count)];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(4L * values.length, 4);
            gpu.download(address, host.address(), 4L * values.length);
            MemorySegment.copy(host, ValueLayout.JAVA_FLOAT, 0, values, 0, values.length);
        }
        return values;
    }

    double[] readDoubles(long address, int count) {
        double[] values = new double[count];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(8L * count, 8);
            gpu.download(address, host.address(), 8L * count);
            MemorySegment.copy(host, ValueLayout.JAVA_DOUBLE, 0, values, 0, count);
        }
        return values;
    }
}
