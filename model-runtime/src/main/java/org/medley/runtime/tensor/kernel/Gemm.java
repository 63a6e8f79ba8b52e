package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;

/**
 * C = A·B (or C += A·B) in F32 with any strides, so that the three products of a linear layer (x·wᵀ, dy·w, dyᵀ·x) and
 * those of attention are one kernel.
 *
 * <p>B is packed into panels of two vectors of columns, which stay in L1/L2 while eight rows of A at a
 * time are broadcast against them: sixteen accumulators, two loads and eight broadcasts for sixteen multiply-adds.
 * Sums run over k in one fixed order whatever the number of threads, so results do not depend on it.
 */
public final class Gemm {
    private static final int NR_VECTORS = 2;
    private static final int NR = NR_VECTORS * LANES;
    private static final int MR = 8;
    private static final int KC = 256;
    private static final boolean WIDE_REGISTERS = F.vectorBitSize() == 512;

    private static final ThreadLocal<Panels> PANELS = ThreadLocal.withInitial(Panels::new);

    /** A packed panel of B and a tile of C for the edges; one set per compute thread. */
    private static final class Panels {
        private final MemorySegment panelMemory = Arena.ofAuto().allocate((long) KC * NR * 4, 64);
        private final MemorySegment tileMemory = Arena.ofAuto().allocate((long) MR * NR * 4, 64);
        final long panel = panelMemory.address();
        final long tile = tileMemory.address();
    }

    private Gemm() {}

    /**
     * A matrix in memory: element (i, j) lies at {@code address + 4 * (i * rowStride + j * colStride)}.
     */
    public record Matrix(long address, long rowStride, long colStride) {
        public static Matrix rowMajor(long address, long cols) {
            return new Matrix(address, cols, 1);
        }

        public Matrix transposed() {
            return new Matrix(address, colStride, rowStride);
        }

        Matrix at(int row, int col) {
            return new Matrix(address + 4 * (row * rowStride + col * colStride), rowStride, colStride);
        }
    }

    /** C[m,n] = A[m,k]·B[k,n], or += with {@code accumulate}; C row-major with row length {@code ldc}. All cores. */
    public static void parallel(int m, int n, int k, Matrix a, Matrix b, long c, long ldc, boolean accumulate) {
        int panels = (n + NR - 1) / NR;
        int chunks = Math.clamp(Workers.count() * 4L / panels, 1, Math.max(1, m / 64));
        int chunk = ((m + chunks - 1) / chunks + MR - 1) / MR * MR;
        int parts = (m + chunk - 1) / chunk;
        Workers.run(panels * parts, task -> {
            int j = task / parts * NR;
            int i = task % parts * chunk;
            strip(
                    Math.min(chunk, m - i),
                    Math.min(NR, n - j),
                    k,
                    a.at(i, 0),
                    b.at(0, j),
                    c + 4 * (i * ldc + j),
                    ldc,
                    accumulate);
        });
    }

    /** The same on the calling thread alone, for callers that are parallel one level up. */
    public static void serial(int m, int n, int k, Matrix a, Matrix b, long c, long ldc, boolean accumulate) {
        for (int j = 0; j < n; j += NR) {
            strip(m, Math.min(NR, n - j), k, a, b.at(0, j), c + 4L * j, ldc, accumulate);
        }
    }

    /** y = x·wᵀ where w is stored as {@code dtype} rows of length k: panels are decoded to F32 while they are packed. */
    public static void linear(int m, int n, int k, long x, DType dtype, long w, long y) {
        if (dtype == DType.F32) {
            parallel(m, n, k, Matrix.rowMajor(x, k), Matrix.rowMajor(w, k).transposed(), y, n, false);
            return;
        }
        int panels = (n + NR - 1) / NR;
        long rowBytes = dtype.bytes(k);
        Workers.run(panels, panel -> {
            int j = panel * NR;
            int nr = Math.min(NR, n - j);
            Panels scratch = PANELS.get();
            for (int k0 = 0; k0 < k; k0 += KC) {
                int kc = Math.min(KC, k - k0);
                Decode.panel(dtype, w + j * rowBytes, rowBytes, k0, kc, nr, NR, scratch.panel);
                tiles(m, nr, kc, new Matrix(x + 4L * k0, k, 1), scratch, y + 4L * j, n, k0 > 0);
            }
        });
    }

    private static void strip(int m, int nr, int k, Matrix a, Matrix b, long c, long ldc, boolean accumulate) {
        Panels scratch = PANELS.get();
        for (int k0 = 0; k0 < k; k0 += KC) {
            int kc = Math.min(KC, k - k0);
            pack(b.at(k0, 0), kc, nr, scratch.panel);
            tiles(m, nr, kc, a.at(0, k0), scratch, c, ldc, accumulate || k0 > 0);
        }
    }

    private static void tiles(int m, int nr, int kc, Matrix a, Panels scratch, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < m; i += MR) {
            int mr = Math.min(MR, m - i);
            tile(a.address + 4 * i * a.rowStride, 4 * a.rowStride, 4 * a.colStride, mr, scratch, kc);
            merge(scratch.tile, mr, nr, c + 4 * i * ldc, ldc, accumulate);
        }
    }

    /**
     * Moves a finished tile to C. Kept out of the tile loop: with it inside, the method outgrows what C2 inlines, and
     * every accumulator is boxed.
     */
    private static void merge(long tile, int mr, int nr, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < mr; i++) {
            long source = tile + 4L * i * NR;
            long target = c + 4 * i * ldc;
            int j = 0;
            for (; j <= nr - LANES; j += LANES) {
                FloatVector value = Simd.load(source + 4L * j);
                Simd.store(accumulate ? value.add(Simd.load(target + 4L * j)) : value, target + 4L * j);
            }
            for (; j < nr; j++) {
                float value = Memory.f32(source + 4L * j);
                Memory.f32(target + 4L * j, accumulate ? value + Memory.f32(target + 4L * j) : value);
            }
        }
    }

    private static void pack(Matrix b, int kc, int nr, long panel) {
        if (b.colStride == 1 && nr == NR) {
            for (int p = 0; p < kc; p++) {
                long source = b.address + 4 * p * b.rowStride;
                for (int v = 0; v < NR_VECTORS; v++) {
                    Simd.store(Simd.load(source + 4L * v * LANES), panel + 4L * (p * NR + v * LANES));
                }
            }
            return;
        }
        for (int j = 0; j < nr; j++) {
            long source = b.address + 4 * j * b.colStride;
            for (int p = 0; p < kc; p++) {
                Memory.f32(panel + 4L * (p * NR + j), Memory.f32(source + 4 * p * b.rowStride));
            }
        }
        for (int p = 0; nr < NR && p < kc; p++) {
            for (int j = nr; j < NR; j++) {
                Memory.f32(panel + 4L * (p * NR + j), 0f);
            }
        }
    }

    private static void tile(long a, long rs, long cs, int mr, Panels scratch, int kc) {
        if (WIDE_REGISTERS) {
            tile8(a, rs, cs, mr - 1, scratch.panel, kc, scratch.tile);
        } else {
            tile4(a, rs, cs, Math.min(mr, 4) - 1, scratch.panel, kc, scratch.tile);
            if (mr > 4) {
                tile4(a + 4 * rs, rs, cs, mr - 5, scratch.panel, kc, scratch.tile + 16L * NR);
            }
        }
    }

    /** Rows past {@code last} repeat row {@code last}: computed, stored in the tile, and never merged. */
    private static void tile8(long a, long rs, long cs, int last, long b, int kc, long tile) {
        long r1 = Math.min(1, last) * rs;
        long r2 = Math.min(2, last) * rs;
        long r3 = Math.min(3, last) * rs;
        long r4 = Math.min(4, last) * rs;
        long r5 = Math.min(5, last) * rs;
        long r6 = Math.min(6, last) * rs;
        long r7 = Math.min(7, last) * rs;
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
            x = FloatVector.broadcast(F, Memory.f32(a + r1));
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(F, Memory.f32(a + r2));
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(F, Memory.f32(a + r3));
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(F, Memory.f32(a + r4));
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(F, Memory.f32(a + r5));
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(F, Memory.f32(a + r6));
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(F, Memory.f32(a + r7));
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            a += cs;
            b += 4L * NR;
        }
        Simd.store(c00, tile + 0L * LANES);
        Simd.store(c01, tile + 4L * LANES);
        Simd.store(c10, tile + 8L * LANES);
        Simd.store(c11, tile + 12L * LANES);
        Simd.store(c20, tile + 16L * LANES);
        Simd.store(c21, tile + 20L * LANES);
        Simd.store(c30, tile + 24L * LANES);
        Simd.store(c31, tile + 28L * LANES);
        Simd.store(c40, tile + 32L * LANES);
        Simd.store(c41, tile + 36L * LANES);
        Simd.store(c50, tile + 40L * LANES);
        Simd.store(c51, tile + 44L * LANES);
        Simd.store(c60, tile + 48L * LANES);
        Simd.store(c61, tile + 52L * LANES);
        Simd.store(c70, tile + 56L * LANES);
        Simd.store(c71, tile + 60L * LANES);
    }

    /** Half as many rows, for machines with sixteen vector registers. */
    private static void tile4(long a, long rs, long cs, int last, long b, int kc, long tile) {
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
            b += 4L * NR;
        }
        Simd.store(c00, tile + 0L * LANES);
        Simd.store(c01, tile + 4L * LANES);
        Simd.store(c10, tile + 8L * LANES);
        Simd.store(c11, tile + 12L * LANES);
        Simd.store(c20, tile + 16L * LANES);
        Simd.store(c21, tile + 20L * LANES);
        Simd.store(c30, tile + 24L * LANES);
        Simd.store(c31, tile + 28L * LANES);
    }
}
