package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.StoredElement;

/** Reading stored weight rows as F32: into packed panels for many tokens, or straight into a dot product for few. */
final class Decode {
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final VectorSpecies<Short> S =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 2)));
    private static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 4)));
    /** Bytes per load that a float vector takes; fewer than the load on the narrowest width, where parts are used. */
    private static final int BYTE_PARTS = B.length() / LANES;

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
        return StoredElement.get(dtype, row, index);
    }

    /** Dot product of one stored weight row with an F32 vector of length {@code k}. */
    static float dot(DType dtype, long row, long x, int k) {
        return switch (dtype) {
            case F32 -> dotF32(row, x, k);
            case BF16 -> dotBf16(row, x, k);
            case Q8 -> dotQ8(row, x, k);
            case F16 -> dotF16(row, x, k);
            default -> dotElements(dtype, row, x, k);
        };
    }

    private static float dotElements(DType dtype, long row, long x, int k) {
        float sum = 0;
        for (int i = 0; i < k; i++) {
            sum += element(dtype, row, i) * Memory.f32(x + 4L * i);
        }
        return sum;
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

    private static float dotBf16(long row, long x, int k) {
        FloatVector s0 = FloatVector.zero(F), s1 = s0;
        int i = 0;
        if (S.length() == LANES) {
            for (; i <= k - 2 * LANES; i += 2 * LANES) {
                s0 = bf16(row + 2L * i).fma(Simd.load(x + 4L * i), s0);
                s1 = bf16(row + 2L * (i + LANES)).fma(Simd.load(x + 4L * (i + LANES)), s1);
            }
        }
        float sum = Simd.sum(s0.add(s1));
        for (; i < k; i++) {
            sum += Memory.bf16(row + 2L * i) * Memory.f32(x + 4L * i);
        }
        return sum;
    }

    private static FloatVector bf16(long address) {
        ShortVector raw = ShortVector.fromMemorySegment(S, Memory.ALL, address, Memory.ORDER);
        IntVector bits = (IntVector) raw.convertShape(VectorOperators.S2I, I, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static float dotF16(long row, long x, int k) {
        float s0 = 0;
        float s1 = 0;
        int i = 0;
        for (; i <= k - 2; i += 2) {
            s0 += Memory.f16(row + 2L * i) * Memory.f32(x + 4L * i);
            s1 += Memory.f16(row + 2L * i + 2) * Memory.f32(x + 4L * i + 4);
        }
        return i < k ? s0 + s1 + Memory.f16(row + 2L * i) * Memory.f32(x + 4L * i) : s0 + s1;
    }

    private static float dotQ8(long row, long x, int k) {
        FloatVector sum = FloatVector.zero(F);
        for (int block = 0; block < k / 32; block++) {
            long at = row + block * 34L;
            FloatVector inner = FloatVector.zero(F);
            for (int i = 0; i < 32; i += B.length()) {
                ByteVector raw = ByteVector.fromMemorySegment(B, Memory.ALL, at + 2 + i, Memory.ORDER);
                for (int part = 0; part < BYTE_PARTS; part++) {
                    FloatVector w = (FloatVector) raw.convertShape(VectorOperators.B2F, F, part);
                    inner = w.fma(Simd.load(x + 4L * (block * 32 + i + part * LANES)), inner);
                }
            }
            sum = inner.fma(FloatVector.broadcast(F, Memory.f16(at)), sum);
        }
        return Simd.sum(sum);
    }
}
