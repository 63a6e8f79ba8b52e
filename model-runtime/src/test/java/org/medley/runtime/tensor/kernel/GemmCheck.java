package org.medley.runtime.tensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.weights.Formats;

/** Matrix kernels beside the naive triple loop, at the vector width of this process. A program, so that each width gets one. */
public final class GemmCheck {
    private static final List<DType> FORMATS = List.of(
            DType.F32, DType.BF16, DType.F16, DType.Q8, DType.Q4_0, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.F8_E4M3);

    private GemmCheck() {}

    public static void main(String[] args) {
        long seed = args.length > 0 ? Long.parseLong(args[0]) : 1;
        System.out.println(Simd.F + ", seed " + seed + ": " + check(seed, 8) + " products agree");
    }

    static int check(long seed, int rounds) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < rounds; round++) {
            try (Arena arena = Arena.ofShared()) {
                one(random, arena, "seed " + seed + " round " + round);
            }
        }
        return rounds;
    }

    private static void one(SplittableRandom random, Arena arena, String where) {
        int m = 1 + random.nextInt(70);
        int n = 1 + random.nextInt(90);
        int k = 1 + random.nextInt(600);
        boolean transposeA = random.nextBoolean();
        boolean transposeB = random.nextBoolean();
        boolean accumulate = random.nextBoolean();
        float[] a = values(random, m * k);
        float[] b = values(random, k * n);
        float[] c = values(random, m * n);
        Matrix ma = matrix(arena, a, m, k, transposeA);
        Matrix mb = matrix(arena, b, k, n, transposeB);
        Tensor out = Tensor.of(arena, c, m, n);
        Gemm.parallel(m, n, k, ma, mb, out.address(), n, accumulate);
        compare(where + " parallel", naive(m, n, k, a, transposeA, b, transposeB, accumulate ? c : null), out, k);
        out.copyFrom(c);
        Tensor packed = Tensor.zeros(arena, Math.toIntExact(Gemm.packedFloats(n, k)));
        Gemm.pack(mb, n, k, packed.address());
        Gemm.packed(m, n, k, ma, packed.address(), k, out.address(), n, accumulate);
        compare(where + " packed", naive(m, n, k, a, transposeA, b, transposeB, accumulate ? c : null), out, k);
        for (DType dtype : FORMATS) {
            stored(random, arena, where, m, n, Math.ceilDiv(k, dtype.blockElements()) * dtype.blockElements(), dtype);
        }
    }

    private static void stored(SplittableRandom random, Arena arena, String where, int m, int n, int k, DType dtype) {
        Tensor x = Tensor.of(arena, values(random, m * k), m, k);
        Tensor w = weights(random, arena, n, k, dtype);
        float[] expected = naive(m, n, k, x.toArray(), false, w.toArray(), true, null);
        Tensor y = Tensor.zeros(arena, m, n);
        Panels panels = Panels.pack(w, arena);
        int row = random.nextInt(n);
        int col = random.nextInt(k);
        if (panels.get(row, col) != w.get((long) row * k + col)) {
            throw new AssertionError(where + ": " + dtype + " weight (" + row + ", " + col + ") is "
                    + panels.get(row, col) + " packed, " + w.get((long) row * k + col) + " as stored");
        }
        Gemm.linear(m, x.address(), panels, y.address());
        compare(where + " panels " + dtype, expected, y, (dtype == DType.F32 ? 1 : 25) * k);
        Tensor alone = Tensor.zeros(arena, 1, n);
        for (int i = random.nextInt(3); i < m; i += 20) {
            Gemm.linear(1, x.row(i), panels, alone.address());
            if (!Arrays.equals(alone.toArray(), y.slice(i, 1).toArray())) {
                throw new AssertionError(where + ": " + dtype + " row " + i + " of " + m + " differs from it alone");
            }
        }
    }

    /** Formats that have an encoder get rounded values; of the others every bit is random but the scales' exponents. */
    private static Tensor weights(SplittableRandom random, Arena arena, int n, int k, DType dtype) {
        switch (dtype) {
            case Q4_K, Q5_K, Q6_K -> {
                MemorySegment data = arena.allocate(dtype.bytes((long) n * k), 64);
                for (long block = 0; block < data.byteSize(); block += dtype.blockBytes()) {
                    for (int i = 0; i < dtype.blockBytes(); i++) {
                        data.set(ValueLayout.JAVA_BYTE, block + i, (byte) random.nextInt(256));
                    }
                    long scale = data.address() + block + (dtype == DType.Q6_K ? 208 : 0);
                    Memory.i16(scale, Float.floatToFloat16(0.0005f * (1 + random.nextInt(8))));
                    if (dtype != DType.Q6_K) {
                        Memory.i16(scale + 2, Float.floatToFloat16(0.004f * random.nextInt(8)));
                    }
                }
                return new Tensor(dtype, new int[] {n, k}, data);
            }
            case F8_E4M3 -> {
                Tensor w = Formats.convert(Tensor.of(arena, values(random, n * k), n, k), dtype, arena);
                float[] factors = values(random, Math.ceilDiv(n, 128) * Math.ceilDiv(k, 128));
                for (int i = 0; i < factors.length; i++) {
                    factors[i] = 0.5f + Math.abs(factors[i]);
                }
                return w.scaled(
                        new Scales(Tensor.of(arena, factors, Math.ceilDiv(n, 128), Math.ceilDiv(k, 128)), 128, 128));
            }
            default -> {
                return Formats.convert(Tensor.of(arena, values(random, n * k), n, k), dtype, arena);
            }
        }
    }

    private static Matrix matrix(Arena arena, float[] values, int rows, int cols, boolean transposed) {
        long address = Tensor.of(arena, values, values.length).address();
        return transposed ? Matrix.rowMajor(address, rows).transposed() : Matrix.rowMajor(address, cols);
    }

    private static float[] naive(
            int m, int n, int k, float[] a, boolean transposeA, float[] b, boolean transposeB, float[] c) {
        float[] out = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = c == null ? 0 : c[i * n + j];
                for (int p = 0; p < k; p++) {
                    double left = transposeA ? a[p * m + i] : a[i * k + p];
                    sum += left * (transposeB ? b[j * k + p] : b[p * n + j]);
                }
                out[i * n + j] = (float) sum;
            }
        }
        return out;
    }

    private static void compare(String where, float[] expected, Tensor actual, int k) {
        float[] values = actual.toArray();
        double allowed = 1e-6 * Math.sqrt(k) * 8;
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(values[i] - expected[i]) <= allowed)) {
                throw new AssertionError(where + ": element " + i + " is " + values[i] + ", naive " + expected[i]);
            }
        }
    }

    private static float[] values(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
