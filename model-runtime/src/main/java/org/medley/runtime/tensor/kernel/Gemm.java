package org.medley.runtime.tensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * C = A·B (or C += A·B) in F32 with any strides, so that the three products of a linear layer (x·wᵀ, dy·w, dyᵀ·x) and
 * those of attention are one kernel.
 *
 * <p>B is packed into panels of 32 columns, of which a chunk stays in L1/L2 while up to eight rows of A at a time are
 * broadcast against it ({@link Tile}). Products are chained over {@value #KC} steps of k, and the chunks added one after
 * the other: one order for every element, whatever the shape, the number of threads or the kernel, so results do not
 * depend on them.
 */
public final class Gemm {
    private static final int NR = Panels.WIDTH;
    /** Steps of k that are summed in registers. A multiple of every format's group. */
    static final int KC = 256;
    /** Steps of k that are packed at a time. */
    private static final int KP = 2 * KC;
    /** Columns of B that are packed at a time. */
    private static final int NC = 16 * NR;
    /** Rows of A that go through what is packed before the next: with their part of C they stay in L2. */
    private static final int MC = 8 * Tile.ROWS;
    /** Below this many products waking the other cores takes longer than the work. */
    private static final long INLINE_PRODUCTS = 100_000;

    private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);
    /** What is packed for a product is kept by the thread that asks for it. */
    private static final ThreadLocal<Scratch> ROWS = Scratch.perThread();

    private static final ThreadLocal<Scratch> COLUMNS = Scratch.perThread();

    /** A chunk of a panel of B and a tile of C; one set per compute thread. */
    private static final class Buffers {
        private final MemorySegment panelMemory = Arena.ofAuto().allocate((long) KC * NR * 4, 64);
        final long panel = panelMemory.address();
        final float[] tile = new float[Tile.ROWS * NR];
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
        for (int p = 0; p < k; p += KP) {
            int steps = Math.min(KP, k - p);
            Matrix rows = together(m, steps, a.at(0, p));
            for (int j = 0; j < n; j += NC) {
                int columns = Math.min(NC, n - j);
                multiply(m, columns, steps, rows, b.at(p, j), c + 4L * j, ldc, accumulate || p > 0);
            }
        }
    }

    /** A as it is, or packed in blocks of [k][MC] if it is the transpose of a row-major matrix. */
    private static Matrix together(int m, int k, Matrix a) {
        if (a.rowStride != 1) {
            return a;
        }
        long rows = ROWS.get().floats((long) Math.ceilDiv(m, MC) * MC * k);
        Workers.run(Math.ceilDiv(k, MC), task -> {
            int from = task * MC;
            Packing.rows(a, m, k, MC, rows, from, Math.min(k, from + MC));
        });
        return new Matrix(rows, 1, MC);
    }

    private static void multiply(int m, int n, int k, Matrix a, Matrix b, long c, long ldc, boolean accumulate) {
        int panels = Math.ceilDiv(n, NR);
        long packed = COLUMNS.get().floats(packedFloats(n, k));
        Workers.run(panels, i -> pack(b.at(0, i * NR), Math.min(NR, n - i * NR), k, packed + 4L * i * NR * k));
        int down = Math.ceilDiv(m, MC);
        int across = Math.clamp(Workers.count() * 4L / down, 1, panels);
        Workers.run(down * across, task -> {
            int i = task / across * MC;
            int j = panels * (task % across) / across * NR;
            int end = panels * (task % across + 1) / across * NR;
            Matrix rows = a.rowStride == 1 ? new Matrix(a.address + 4L * i * k, 1, MC) : a.at(i, 0);
            long columns = packed + 4L * j * k;
            packed(
                    Math.min(MC, m - i),
                    Math.min(end, n) - j,
                    k,
                    rows,
                    columns,
                    k,
                    c + 4 * (i * ldc + j),
                    ldc,
                    accumulate);
        });
    }

    /** How many floats {@link #pack} writes. */
    public static long packedFloats(int n, int k) {
        return (long) Math.ceilDiv(n, NR) * NR * k;
    }

    /** Brings the columns of B[k,n] together for {@link #packed}: panels of [k][WIDTH], zeros behind the last column. */
    public static void pack(Matrix b, int n, int k, long to) {
        for (int j = 0; j < n; j += NR) {
            Packing.columns(b.at(0, j), k, Math.min(NR, n - j), to + 4L * j * k);
        }
    }

    /**
     * C[m,n] = A[m,k]·B[k,n], or +=, on the calling thread, for a B that is packed.
     *
     * @param steps that each panel has, of which the first k are taken
     */
    public static void packed(
            int m, int n, int k, Matrix a, long panels, int steps, long c, long ldc, boolean accumulate) {
        float[] tile = BUFFERS.get().tile;
        for (int p = 0; p < k; p += KC) {
            Matrix rows = a.at(0, p);
            for (int j = 0; j < n; j += NR) {
                long panel = panels + 4L * ((long) j * steps + (long) p * NR);
                int kc = Math.min(KC, k - p);
                Tile.rows(m, Math.min(NR, n - j), kc, rows, panel, tile, c + 4L * j, ldc, accumulate || p > 0);
            }
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
                    Tile.merge(buffers.tile, 1, nr, y + 4L * j, n, k0 > 0);
                } else {
                    PanelDecode.decode(w.format(), at, k0, kc, buffers.panel);
                    Tile.rows(
                            m,
                            nr,
                            kc,
                            new Matrix(x + 4L * k0, k, 1),
                            buffers.panel,
                            buffers.tile,
                            y + 4L * j,
                            n,
                            k0 > 0);
                }
            }
        }
    }
}
