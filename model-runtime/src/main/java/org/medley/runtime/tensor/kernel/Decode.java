package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;

/** Reading stored weight rows as F32: into packed panels for many tokens, or straight into a dot product for few. */
final class Decode {
    private Decode() {}

    /** Columns {@code [k0, k0+kc)} of {@code nr} weight rows into a panel [kc][stride], zero beyond nr. */
    static void panel(DType dtype, long rows, long rowBytes, int k0, int kc, int nr, int stride, long panel) {
        for (int j = 0; j < stride; j++) {
            long row = rows + j * rowBytes;
            for (int p = 0; p < kc; p++) {
                Memory.f32(panel + 4L * (p * stride + j), j < nr ? element(dtype, row, k0 + p) : 0f);
            }
        }
    }

    static float element(DType dtype, long row, int index) {
        return switch (dtype) {
            case F32 -> Memory.f32(row + 4L * index);
            case BF16 -> Memory.bf16(row + 2L * index);
            case F16 -> Memory.f16(row + 2L * index);
            case Q8 -> {
                long block = row + index / 32 * 34L;
                yield Memory.f16(block) * Memory.i8(block + 2 + index % 32);
            }
            case I32 -> throw new IllegalArgumentException("I32 rows are no weights");
        };
    }

    static float dotF32(long a, long b, int k) {
        FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i <= k - 4 * LANES; i += 4 * LANES) {
            long at = 4L * i;
            s0 = Simd.load(a + at).fma(Simd.load(b + at), s0);
            s1 = Simd.load(a + at + 4L * LANES).fma(Simd.load(b + at + 4L * LANES), s1);
            s2 = Simd.load(a + at + 8L * LANES).fma(Simd.load(b + at + 8L * LANES), s2);
            s3 = Simd.load(a + at + 12L * LANES).fma(Simd.load(b + at + 12L * LANES), s3);
        }
        for (; i <= k - LANES; i += LANES) {
            s0 = Simd.load(a + 4L * i).fma(Simd.load(b + 4L * i), s0);
        }
        float sum = Simd.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < k; i++) {
            sum += Memory.f32(a + 4L * i) * Memory.f32(b + 4L * i);
        }
        return sum;
    }
}
