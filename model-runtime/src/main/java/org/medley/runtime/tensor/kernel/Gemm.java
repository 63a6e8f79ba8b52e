package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.medley.runtime.tensor.Memory;

/**
 * C = A·B (or C += A·B) in F32 with any strides, so that the three products of a linear layer (x·wᵀ, dy·w, dyᵀ·x) and
 * those of attention are one kernel.
 *
 * <p>B is packed into panels of 32 columns, of which a chunk stays in L1/L2 while up to eight rows of A at a time are
 * broadcast against it: sixteen accumulators, two loads and eight broadcasts for sixteen multiply-adds. Products are
 * chained over {@value #KC} steps of k, and the chunks added one after the other: one order for every element, whatever
 * the shape, the number of threads or the kernel, so results do not depend on them.
 */
public final class Gemm {
    private static final int NR = Panels.WIDTH;
    private static final int PAIR = 2 * LANES;
    private static final int MR = 8;
    /** Steps of k that are summed in registers. A multiple of every format's group. */
    static final int KC = 256;
    /** Below this many products waking the other cores takes longer than the work. */
    private static final long INLINE_PRODUCTS = 100_000;

    private static final boolean WIDE_REGISTERS = F.vectorBitSize() == 512;

    private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

    /** A chunk of a panel of B and a tile of C; one set per compute thread. */
    private static final class Buffers {
        private final MemorySegment panelMemory = Arena.ofAuto().allocate((long) KC * NR * 4, 64);
        final long panel = panelMemory.address();
        /** On the heap: a store to an array is short enough for C2 to inline all of a tile's. */
        final float[] tile = new float[MR * NR];
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

    /** y = x·wᵀ: [m, w.cols()] times the panels gives [m, w.rows()]. Each row's result is the same whatever m is. */
    public static void linear(int m, long x, Panels w, long y) {
        int n = w.rows();
        int k = w.cols();
        int panels = w.count();
        if ((long) m * n * k < INLINE_PRODUCTS) {
            panels(m, x, w, 0, panels, y);
            return;
        }
        // Few, large tasks: each is a stream of its own through memory.
        int parts = Math.min(panels, Workers.count() * 4);
        Workers.run(
                parts,
                part -> panels(
                        m, x, w, (int) ((long) panels * part / parts), (int) ((long) panels * (part + 1) / parts), y));
    }

    private static void panels(int m, long x, Panels w, int from, int to, long y) {
        int n = w.rows();
        int k = w.cols();
        Buffers buffers = BUFFERS.get();
        for (int panel = from; panel < to; panel++) {
            int j = panel * NR;
            int nr = Math.min(NR, n - j);
            long at = w.address(panel);
            for (int k0 = 0; k0 < k; k0 += KC) {
                int kc = Math.min(KC, k - k0);
                if (m == 1 && Gemv.direct(w.format())) {
                    long chunk =
                            at + (long) (k0 / w.format().group) * w.format().groupBytes();
                    Gemv.chunk(w.format(), chunk, x + 4L * k0, kc, buffers.panel, buffers.tile);
                    merge(buffers.tile, 1, nr, y + 4L * j, n, k0 > 0);
                } else {
                    PanelDecode.decode(w.format(), at, k0, kc, buffers.panel);
                    tiles(m, nr, kc, new Matrix(x + 4L * k0, k, 1), buffers.panel, buffers.tile, y + 4L * j, n, k0 > 0);
                }
            }
        }
    }

    /** C[m,nr] = A[m,k]·B, or +=, on the calling thread, for a B that lies as [k][WIDTH] already; nr up to WIDTH. */
    static void panel(int m, int nr, int k, Matrix a, long panel, long c, long ldc, boolean accumulate) {
        float[] tile = BUFFERS.get().tile;
        for (int k0 = 0; k0 < k; k0 += KC) {
            tiles(m, nr, Math.min(KC, k - k0), a.at(0, k0), panel + 4L * k0 * NR, tile, c, ldc, accumulate || k0 > 0);
        }
    }

    private static void strip(int m, int nr, int k, Matrix a, Matrix b, long c, long ldc, boolean accumulate) {
        Buffers buffers = BUFFERS.get();
        for (int k0 = 0; k0 < k; k0 += KC) {
            int kc = Math.min(KC, k - k0);
            pack(b.at(k0, 0), kc, nr, buffers.panel);
            tiles(m, nr, kc, a.at(0, k0), buffers.panel, buffers.tile, c, ldc, accumulate || k0 > 0);
        }
    }

    private static void tiles(
            int m, int nr, int kc, Matrix a, long panel, float[] tile, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < m; i += MR) {
            int mr = Math.min(MR, m - i);
            tile(a.address + 4 * i * a.rowStride, 4 * a.rowStride, 4 * a.colStride, mr, panel, kc, tile);
            merge(tile, mr, nr, c + 4 * i * ldc, ldc, accumulate);
        }
    }

    /**
     * Moves a finished tile to C. Kept out of the tile loop: with it inside, the method outgrows what C2 inlines, and
     * every accumulator is boxed.
     */
    private static void merge(float[] tile, int mr, int nr, long c, long ldc, boolean accumulate) {
        for (int i = 0; i < mr; i++) {
            int source = i * NR;
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

    private static void pack(Matrix b, int kc, int nr, long panel) {
        if (b.colStride == 1 && nr == NR) {
            for (int p = 0; p < kc; p++) {
                long source = b.address + 4 * p * b.rowStride;
                for (int j = 0; j < NR; j += LANES) {
                    Simd.store(Simd.load(source + 4L * j), panel + 4L * (p * NR + j));
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

    private static void tile(long a, long rs, long cs, int mr, long panel, int kc, float[] tile) {
        for (int j = 0; j < NR; j += PAIR) {
            long b = panel + 4L * j;
            if (WIDE_REGISTERS && mr == MR) {
                tile8(a, rs, cs, b, kc, tile, j);
                continue;
            }
            tile4(a, rs, cs, Math.min(mr, 4) - 1, b, kc, tile, j);
            if (mr > 4) {
                tile4(a + 4 * rs, rs, cs, mr - 5, b, kc, tile, 4 * NR + j);
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
            b += 4L * NR;
        }
        c00.intoArray(tile, to);
        c01.intoArray(tile, to + LANES);
        c10.intoArray(tile, to + 1 * NR);
        c11.intoArray(tile, to + 1 * NR + LANES);
        c20.intoArray(tile, to + 2 * NR);
        c21.intoArray(tile, to + 2 * NR + LANES);
        c30.intoArray(tile, to + 3 * NR);
        c31.intoArray(tile, to + 3 * NR + LANES);
        c40.intoArray(tile, to + 4 * NR);
        c41.intoArray(tile, to + 4 * NR + LANES);
        c50.intoArray(tile, to + 5 * NR);
        c51.intoArray(tile, to + 5 * NR + LANES);
        c60.intoArray(tile, to + 6 * NR);
        c61.intoArray(tile, to + 6 * NR + LANES);
        c70.intoArray(tile, to + 7 * NR);
        c71.intoArray(tile, to + 7 * NR + LANES);
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
            b += 4L * NR;
        }
        c00.intoArray(tile, to);
        c01.intoArray(tile, to + LANES);
        c10.intoArray(tile, to + 1 * NR);
        c11.intoArray(tile, to + 1 * NR + LANES);
        c20.intoArray(tile, to + 2 * NR);
        c21.intoArray(tile, to + 2 * NR + LANES);
        c30.intoArray(tile, to + 3 * NR);
        c31.intoArray(tile, to + 3 * NR + LANES);
    }
}
