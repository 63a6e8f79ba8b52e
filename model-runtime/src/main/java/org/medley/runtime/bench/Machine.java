package org.medley.runtime.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.function.DoubleSupplier;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.Simd;
import org.medley.runtime.tensor.kernel.Workers;

/** What this machine can do at most, measured: the lines that kernels are drawn against. */
public final class Machine {
    private static final long BYTES = 512L << 20;
    private static final int ROUNDS = 7;
    /** Sides of square matrices, from those that fit caches on. */
    private static final int[] PRODUCTS = {384, 768, 1536};

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Machine() {}

    /**
     * @param readBytes bytes per second that all threads together read from memory
     * @param readBytesOneThread that one reads
     */
    public record Limits(int threads, int vectorBits, double readBytes, double readBytesOneThread) {}

    public static Limits measure() {
        try (Arena arena = Arena.ofShared()) {
            long address = arena.allocate(BYTES, 64).address();
            Memory.zero(address, BYTES);
            int parts = Workers.count();
            double all = best(() -> {
                Workers.run(parts, part -> Simd.sumOf(address + BYTES / parts * part, BYTES / parts));
                return BYTES;
            });
            double one = best(() -> Simd.sumOf(address, BYTES) + BYTES);
            return new Limits(parts, Simd.F.vectorBitSize(), all, one);
        }
    }

    /**
     * What our own matrix product reaches at its best shape, all threads together, in floating-point operations per
     * second: two for a multiply-add.
     */
    public static double productPeak() {
        double peak = 0;
        for (int size : PRODUCTS) {
            try (Arena arena = Arena.ofShared()) {
                long bytes = 4L * size * size;
                Matrix a = Matrix.rowMajor(arena.allocate(bytes, 64).address(), size);
                Matrix b = Matrix.rowMajor(arena.allocate(bytes, 64).address(), size);
                long c = arena.allocate(bytes, 64).address();
                peak = Math.max(peak, best(() -> {
                    Gemm.parallel(size, size, size, a, b, c, size, false);
                    return 2.0 * size * size * size;
                }));
            }
        }
        return peak;
    }

    /** The best of several rounds, in what {@code work} returns per second. */
    public static double best(DoubleSupplier work) {
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long began = System.nanoTime();
            double done = work.getAsDouble();
            best = Math.max(best, done / ((System.nanoTime() - began) / 1e9));
        }
        return best;
    }

    /** Seconds of processor time that this process has taken. */
    static double cpuSeconds() {
        return SYSTEM.getProcessCpuTime() / 1e9;
    }
}
