package org.medley.training.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.medley.runtime.bench.Machine;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Product;
import org.medley.runtime.tensor.cuda.Product.Operand;

/** Floating-point operations per second of a large matrix product, the fastest that a training step could be. */
final class ProductPeak {
    private static final int SIDE = 8192;
    private static final int ROUNDS = 4;
    /** So many bytes of numbers that differ are repeated: all alike would take less power. */
    private static final int DRAWN = 1 << 20;

    private ProductPeak() {}

    static double bf16(Gpu gpu) {
        Product product = new Product(SIDE, SIDE, SIDE, Product.Element.BF16, SIDE);
        return measure(gpu, product, 2);
    }

    /** Of E4M3 with scales of tiles; empty where the device has no such products. */
    static OptionalDouble tiled(Gpu gpu) {
        Product.Form form = new Product.Form(false, false, false, true);
        Product product = new Product(SIDE, SIDE, SIDE, Product.Element.E4M3_BLOCK, SIDE, form);
        return gpu.multiplies(product) ? OptionalDouble.of(measure(gpu, product, 1)) : OptionalDouble.empty();
    }

    private static double measure(Gpu gpu, Product product, int elementBytes) {
        long bytes = (long) elementBytes * SIDE * SIDE;
        // A scale for 128 elements of a row is the most that any form has.
        long scaleBytes = 4L * SIDE * SIDE / Product.BLOCK;
        long x = gpu.allocate(bytes);
        long weight = gpu.allocate(bytes);
        long scales = gpu.allocate(scaleBytes);
        long out = gpu.allocate(4L * SIDE * SIDE);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment drawn = drawn(arena, elementBytes);
            MemorySegment ones = arena.allocate(scaleBytes, 4);
            for (long i = 0; i < scaleBytes / 4; i++) {
                ones.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
            }
            for (long at = 0; at < bytes; at += DRAWN) {
                gpu.upload(drawn.address(), x + at, DRAWN);
                gpu.upload(drawn.address(), weight + at, DRAWN);
            }
            gpu.upload(ones.address(), scales, scaleBytes);
            gpu.synchronize();
        }
        double best = Machine.best(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                gpu.multiply(product, new Operand(x, scales), new Operand(weight, scales), out);
            }
            gpu.synchronize();
            return 2.0 * ROUNDS * SIDE * SIDE * SIDE;
        });
        List.of(x, weight, scales, out).forEach(gpu::free);
        return best;
    }

    /** BF16 numbers about 1, or E4M3 codes that are no NaN. */
    private static MemorySegment drawn(Arena arena, int elementBytes) {
        SplittableRandom random = new SplittableRandom(1);
        MemorySegment drawn = arena.allocate(DRAWN, 16);
        for (int i = 0; i < DRAWN / elementBytes; i++) {
            if (elementBytes == 2) {
                drawn.setAtIndex(ValueLayout.JAVA_SHORT, i, Memory.toBf16((float) random.nextGaussian()));
            } else {
                drawn.set(ValueLayout.JAVA_BYTE, i, (byte) (random.nextInt(2) << 7 | random.nextInt(0x48)));
            }
        }
        return drawn;
    }
}
