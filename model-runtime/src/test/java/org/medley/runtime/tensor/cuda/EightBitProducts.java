package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** Products over E4M3 weights beside the same of the input as it should have been rounded, and of the input itself. */
abstract class EightBitProducts {
    /** A device of this compute capability times ten, which the test closes; or the test is given up. */
    abstract Gpu open(int capability);

    /** What products over codes may be away, as a share of the largest element. */
    abstract double codesNear();

    enum Kind {
        NONE,
        TENSOR,
        ROW,
        BLOCK
    }

    @ParameterizedTest
    @CsvSource({
        "80, NONE",
        "80, BLOCK",
        "89, NONE",
        "89, TENSOR",
        "89, ROW",
        "89, BLOCK",
        "90, NONE",
        "90, TENSOR",
        "90, ROW",
        "90, BLOCK",
        "120, TENSOR",
        "120, BLOCK"
    })
    void inputIsRoundedAsTheWeightsAreScaled(int capability, Kind kind) {
        boolean multiplied = capability >= 89 && (kind.compareTo(Kind.TENSOR) <= 0 || capability == 90);
        for (long seed = 1; seed <= 3; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int m = 9 + random.nextInt(24);
            int n = 16 * (9 + random.nextInt(4));
            int k = 16 * (1 + random.nextInt(24));
            try (Arena arena = Arena.ofConfined();
                    Gpu gpu = open(capability);
                    CudaWeights weights = new CudaWeights(new DevicePool(gpu));
                    CudaOps ops = new CudaOps(new DevicePool(gpu), weights, 1, 1)) {
                Tensor weight = weight(random, arena, n, k, kind);
                Tensor decoded = Tensor.of(arena, weight.toArray(), n, k);
                Tensor x = Tensor.of(arena, input(random, m, k), m, k);
                Tensor bias = Tensor.of(arena, input(random, 1, n), n);
                int width = kind == Kind.BLOCK ? 128 : k;
                Tensor rounded = Tensor.of(arena, rounded(x.toArray(), width, k), m, k);
                CpuOps cpu = new CpuOps(new Workspace());
                float[] wanted =
                        cpu.linear(multiplied ? rounded : x, decoded, bias).toArray();
                float[] plain = cpu.linear(x, decoded, bias).toArray();
                Tensor input = ops.toDevice(x);
                Tensor other = Tensor.of(arena, input(random, n, k), n, k);
                // Layers beside each other share what was made of the input, unless they multiply something else.
                Tensor beside = ops.linear(input, other, null);
                Tensor y = ops.linear(input, weight, bias);
                Tensor again = ops.linear(input, weight, bias);
                Tensor got = Tensor.zeros(arena, m, n);
                ops.toHost(y, got.address());
                String what = "seed " + seed + ", " + m + " x " + n + " x " + k;
                near(what, got.toArray(), wanted, multiplied ? codesNear() : 2e-2);
                near(what, got.toArray(), plain, 8e-2);
                ops.toHost(again, got.address());
                near(what, got.toArray(), wanted, multiplied ? codesNear() : 2e-2);
                ops.toHost(beside, got.address());
                near(what, got.toArray(), cpu.linear(x, other, null).toArray(), 1e-5);
            }
        }
    }

    /** A row's answer is the same to the bit whatever the others are, and spoils none of them. */
    @ParameterizedTest
    @EnumSource
    void noRowDependsOnThoseBesideIt(Kind kind) {
        SplittableRandom random = new SplittableRandom(4);
        int m = 11;
        int n = 144;
        int k = 160;
        try (Arena arena = Arena.ofConfined();
                Gpu gpu = open(90);
                CudaWeights weights = new CudaWeights(new DevicePool(gpu));
                CudaOps ops = new CudaOps(new DevicePool(gpu), weights, 1, 1)) {
            Tensor weight = weight(random, arena, n, k, kind);
            Tensor bias = Tensor.of(arena, input(random, 1, n), n);
            float[] values = input(random, m, k);
            Tensor got = Tensor.zeros(arena, m, n);
            ops.toHost(ops.linear(ops.toDevice(Tensor.of(arena, values, m, k)), weight, bias), got.address());
            float[] before = got.toArray();
            values[2 * k] = 1e6f;
            values[7 * k + 3] = Float.POSITIVE_INFINITY;
            ops.toHost(ops.linear(ops.toDevice(Tensor.of(arena, values, m, k)), weight, bias), got.address());
            float[] after = got.toArray();
            for (int i = 0; i < before.length; i++) {
                if (i / n != 2 && i / n != 7) {
                    assertThat(after[i]).as("seed 4, element %d", i).isEqualTo(before[i]);
                }
            }
            assertThat(after[7 * n]).isNaN();
        }
    }

    /** Rows of very different sizes, which one scale for all would spoil, and a row of zeros. */
    static float[] input(SplittableRandom random, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = i / cols == 1 ? 0 : (float) (random.nextGaussian() * (1 + i / cols % 3));
        }
        return values;
    }

    private static float[] rounded(float[] values, int width, int rowCols) {
        float[] out = new float[values.length];
        for (int row = 0; row < values.length; row += rowCols) {
            for (int from = row; from < row + rowCols; from += width) {
                int to = Math.min(from + width, row + rowCols);
                float largest = 0;
                for (int i = from; i < to; i++) {
                    largest = Math.max(largest, Math.abs(values[i]));
                }
                for (int i = from; i < to && largest > 0; i++) {
                    byte code = Float8.toE4m3(values[i] * (Float8.E4M3_MAX / largest));
                    out[i] = Float8.e4m3(code) * (largest / Float8.E4M3_MAX);
                }
            }
        }
        return out;
    }

    static Tensor weight(SplittableRandom random, Arena arena, int n, int k, Kind kind) {
        MemorySegment data = arena.allocate((long) n * k, 64);
        for (long i = 0; i < data.byteSize(); i++) {
            Memory.i8(data.address() + i, Float8.toE4m3((float) random.nextGaussian()));
        }
        Tensor plain = new Tensor(DType.F8_E4M3, new int[] {n, k}, data);
        int rows = kind == Kind.BLOCK ? 128 : kind == Kind.ROW ? 1 : n;
        int cols = kind == Kind.BLOCK ? 128 : k;
        if (kind == Kind.NONE) {
            return plain;
        }
        float[] factors = new float[Math.ceilDiv(n, rows) * Math.ceilDiv(k, cols)];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 0.5f + random.nextFloat();
        }
        return plain.scaled(
                new Scales(Tensor.of(arena, factors, Math.ceilDiv(n, rows), Math.ceilDiv(k, cols)), rows, cols));
    }

    static void near(String what, float[] got, float[] wanted, double tolerance) {
        double size = 1;
        for (float value : wanted) {
            size = Math.max(size, Math.abs(value));
        }
        assertThat(got).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs((double) got[i] - wanted[i]) <= tolerance * size)
                    .as("%s, element %d: %s, expected %s", what, i, got[i], wanted[i])
                    .isTrue();
        }
    }
}
