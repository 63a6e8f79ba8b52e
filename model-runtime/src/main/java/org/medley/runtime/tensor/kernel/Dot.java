package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import org.medley.runtime.tensor.Memory;

/** The dot product of two F32 rows. */
final class Dot {
    private Dot() {}

    static float f32(long a, long b, int k) {
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
