package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/** Brings together what a tile reads together. */
final class Packing {
    private static final int WIDTH = Panels.WIDTH;
    /** Lines that are interleaved at a time. */
    private static final int LINES = 8;

    private static final VectorShuffle<Float> LOWER_TWICE = VectorShuffle.fromOp(F, i -> i / 2);
    private static final VectorShuffle<Float> UPPER_TWICE = VectorShuffle.fromOp(F, i -> (LANES + i) / 2);
    private static final VectorMask<Float> ODD = VectorMask.fromLong(F, 0xaaaa_aaaaL);
    private static final VectorMask<Float> FIRST_EIGHT = VectorMask.fromLong(F, 0xff);

    private Packing() {}

    /** The columns of B[k, nr], nr up to WIDTH, as [k][WIDTH], zeros behind the last. */
    static void columns(Matrix b, int k, int nr, long to) {
        if (b.colStride() == 1 && nr == WIDTH) {
            for (int p = 0; p < k; p++) {
                long source = b.address() + 4 * p * b.rowStride();
                for (int j = 0; j < WIDTH; j += LANES) {
                    Simd.store(Simd.load(source + 4L * j), to + 4L * (p * WIDTH + j));
                }
            }
            return;
        }
        int whole = 0;
        if (b.rowStride() == 1 && nr == WIDTH) {
            whole = k / LANES * LANES;
            for (int p = 0; p < whole; p += LANES) {
                for (int j = 0; j < WIDTH; j += LINES) {
                    interleave(b.address() + 4 * (p + j * b.colStride()), 4 * b.colStride(), to + 4L * (p * WIDTH + j));
                }
            }
        }
        for (int p = whole; p < k; p++) {
            for (int j = 0; j < WIDTH; j++) {
                long from = b.address() + 4 * (p * b.rowStride() + j * b.colStride());
                Memory.f32(to + 4L * (p * WIDTH + j), j < nr ? Memory.f32(from) : 0f);
            }
        }
    }

    /** LANES floats of each of eight lines, {@code apart} bytes apart, to [LANES][WIDTH]: pairs, fours and eights. */
    private static void interleave(long from, long apart, long to) {
        long middle = from + 4 * apart;
        FloatVector r0 = Simd.load(from), r1 = Simd.load(from + apart);
        FloatVector r2 = Simd.load(from + 2 * apart), r3 = Simd.load(from + 3 * apart);
        FloatVector r4 = Simd.load(middle), r5 = Simd.load(middle + apart);
        FloatVector r6 = Simd.load(middle + 2 * apart), r7 = Simd.load(middle + 3 * apart);
        FloatVector a0 = lower(r0, r4), a1 = upper(r0, r4), b0 = lower(r2, r6), b1 = upper(r2, r6);
        FloatVector c0 = lower(r1, r5), c1 = upper(r1, r5), d0 = lower(r3, r7), d1 = upper(r3, r7);
        FloatVector e0 = lower(a0, b0), e1 = upper(a0, b0), e2 = lower(a1, b1), e3 = upper(a1, b1);
        FloatVector f0 = lower(c0, d0), f1 = upper(c0, d0), f2 = lower(c1, d1), f3 = upper(c1, d1);
        put(lower(e0, f0), 0, to);
        put(upper(e0, f0), 1, to);
        put(lower(e1, f1), 2, to);
        put(upper(e1, f1), 3, to);
        put(lower(e2, f2), 4, to);
        put(upper(e2, f2), 5, to);
        put(lower(e3, f3), 6, to);
        put(upper(e3, f3), 7, to);
    }

    /** a and b in turn: what their lower halves give. */
    private static FloatVector lower(FloatVector a, FloatVector b) {
        return a.rearrange(LOWER_TWICE).blend(b.rearrange(LOWER_TWICE), ODD);
    }

    private static FloatVector upper(FloatVector a, FloatVector b) {
        return a.rearrange(UPPER_TWICE).blend(b.rearrange(UPPER_TWICE), ODD);
    }

    /** Stores one of the eight vectors that hold the eight lines of LANES steps: of half a step, of one, or of two. */
    private static void put(FloatVector vector, int index, long to) {
        int step = index * LANES / LINES;
        long at = to + 4L * (step * WIDTH + index * LANES % LINES);
        if (LANES <= LINES) {
            Simd.store(vector, at);
            return;
        }
        vector.intoMemorySegment(Memory.ALL, at, Memory.ORDER, FIRST_EIGHT);
        vector.intoMemorySegment(Memory.ALL, at + 4L * (WIDTH - LINES), Memory.ORDER, FIRST_EIGHT.not());
    }

    /** Steps {@code [from, to)} of m rows whose elements lie apart, A[m, k], as blocks of [k][block]. */
    static void rows(Matrix a, int m, int k, int block, long rows, int from, int to) {
        for (int p = from; p < to; p++) {
            long source = a.address() + 4 * p * a.colStride();
            for (int i = 0; i < m; i += block) {
                long target = rows + 4 * ((long) i * k + (long) p * block);
                Memory.copy(source + 4L * i, target, 4L * Math.min(block, m - i));
            }
        }
    }
}
