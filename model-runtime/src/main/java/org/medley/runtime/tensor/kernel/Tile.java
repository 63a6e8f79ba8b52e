package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * The product of a few rows with one chunk of a panel, in registers: sixteen accumulators, two loads and eight
 * broadcasts for sixteen multiply-adds.
 */
final class Tile {
    static final int ROWS = 8;
    private static final int COLUMNS = Panels.WIDTH;
    private static final int PAIR = 2 * LANES;
    private static final boolean WIDE_REGISTERS = F.vectorBitSize() == 512;

    private Tile() {}

    /**
     * C[m,nr] = A[m,kc]·panel, or +=.
     *
     * @param tile memory for {@code ROWS · WIDTH} floats, on the heap: a store to an array is short enough for C2 to
     *     inline all of a tile's
     */
    static void rows(int m, int nr, int kc, Matrix a, long panel, float[] tile, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < m; i += ROWS) {
            int mr = Math.min(ROWS, m - i);
            tile(a.address() + 4 * i * a.rowStride(), 4 * a.rowStride(), 4 * a.colStride(), mr, panel, kc, tile);
            merge(tile, mr, nr, c + 4 * i * ldc, ldc, accumulate);
        }
    }

    /**
     * Moves a finished tile to C. Kept out of the tile loop: with it inside, the method outgrows what C2 inlines, and
     * every accumulator is boxed.
     */
    static void merge(float[] tile, int mr, int nr, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < mr; i++) {
            int source = i * COLUMNS;
            long target = c + 4 * i * ldc;
            int j = 0;
            for (; j <= nr - LANES; j += LANES) {
                FloatVector value = FloatVector.fromArray(F, tile, source + j);
                Simd.store(accumulate ? value.add(Simd.load(target + 4L * j)) : value, target + 4L * j);
            }
            for (; j < nr; j++) {
                float value = tile[source + j];
                Memory.f32(target + 4L * j, accumulate ? value + Memory.f32(target + 4L * j) : value);
            }
        }
    }

    private static void tile(long a, long rs, long cs, int mr, long panel, int kc, float[] tile) {
        for (int j = 0; j < COLUMNS; j += PAIR) {
            long b = panel + 4L * j;
            if (WIDE_REGISTERS && mr == ROWS) {
                tile8(a, rs, cs, b, kc, tile, j);
                continue;
            }
            tile4(a, rs, cs, Math.min(mr, 4) - 1, b, kc, tile, j);
            if (mr > 4) {
                tile4(a + 4 * rs, rs, cs, mr - 5, b, kc, tile, 4 * COLUMNS + j);
            }
        }
    }

    /** Rows are reached by few offsets from two of them: with one for each, the processor runs out of registers. */
    private static void tile8(long a, long rs, long cs, long b, int kc, float[] tile, int to) {
        long lower = a + 4 * rs;
        long rs2 = 2 * rs;
        long rs3 = 3 * rs;
        FloatVector c00 = FloatVector.zero(F), c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F), c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F), c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F), c31 = FloatVector.zero(F);
        FloatVector c40 = FloatVector.zero(F), c41 = FloatVector.zero(F);
        FloatVector c50 = FloatVector.zero(F), c51 = FloatVector.zero(F);
        FloatVector c60 = FloatVector.zero(F), c61 = FloatVector.zero(F);
        FloatVector c70 = FloatVector.zero(F), c71 = FloatVector.zero(F);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = Simd.load(b);
            FloatVector b1 = Simd.load(b + 4L * LANES);
            FloatVector x = FloatVector.broadcast(F, Memory.f32(a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F, Memory.f32(a + rs));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F, Memory.f32(a + rs2));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F, Memory.f32(a + rs3));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F, Memory.f32(lower));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F, Memory.f32(lower + rs));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F, Memory.f32(lower + rs2));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F, Memory.f32(lower + rs3));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += cs;
            lower += cs;
            b += 4L * COLUMNS;
        }
        c00.intoArray(tile, to);
        c01.intoArray(tile, to + LANES);
        c10.intoArray(tile, to + 1 * COLUMNS);
        c11.intoArray(tile, to + 1 * COLUMNS + LANES);
        c20.intoArray(tile, to + 2 * COLUMNS);
        c21.intoArray(tile, to + 2 * COLUMNS + LANES);
        c30.intoArray(tile, to + 3 * COLUMNS);
        c31.intoArray(tile, to + 3 * COLUMNS + LANES);
        c40.intoArray(tile, to + 4 * COLUMNS);
        c41.intoArray(tile, to + 4 * COLUMNS + LANES);
        c50.intoArray(tile, to + 5 * COLUMNS);
        c51.intoArray(tile, to + 5 * COLUMNS + LANES);
        c60.intoArray(tile, to + 6 * COLUMNS);
        c61.intoArray(tile, to + 6 * COLUMNS + LANES);
        c70.intoArray(tile, to + 7 * COLUMNS);
        c71.intoArray(tile, to + 7 * COLUMNS + LANES);
    }

    /** Half as many rows, for few of them and for machines with sixteen vector registers. Rows past {@code last} repeat
     * row {@code last}: computed, stored in the tile, and never merged. */
    private static void tile4(long a, long rs, long cs, int last, long b, int kc, float[] tile, int to) {
        long r1 = Math.min(1, last) * rs;
        long r2 = Math.min(2, last) * rs;
        long r3 = Math.min(3, last) * rs;
        FloatVector c00 = FloatVector.zero(F), c01 = FloatVector.zero(F);
        FloatVector c10 = FloatVector.zero(F), c11 = FloatVector.zero(F);
        FloatVector c20 = FloatVector.zero(F), c21 = FloatVector.zero(F);
        FloatVector c30 = FloatVector.zero(F), c31 = FloatVector.zero(F);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = Simd.load(b);
            FloatVector b1 = Simd.load(b + 4L * LANES);
            FloatVector x = FloatVector.broadcast(F, Memory.f32(a));
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(F, Memory.f32(a + r1));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F, Memory.f32(a + r2));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F, Memory.f32(a + r3));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            a += cs;
            b += 4L * COLUMNS;
        }
        c00.intoArray(tile, to);
        c01.intoArray(tile, to + LANES);
        c10.intoArray(tile, to + 1 * COLUMNS);
        c11.intoArray(tile, to + 1 * COLUMNS + LANES);
        c20.intoArray(tile, to + 2 * COLUMNS);
        c21.intoArray(tile, to + 2 * COLUMNS + LANES);
        c30.intoArray(tile, to + 3 * COLUMNS);
        c31.intoArray(tile, to + 3 * COLUMNS + LANES);
    }
}
