package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * The way back through {@link AttentionKernel}: probabilities are computed again block by block, and dS = P ∘ (dP −
 * rowsum(dy ∘ y)), as in FlashAttention (Dao 2022, app. B). One key-value head with the query heads that share it, which
 * add to the same gradients one after the other. Of one thread, until it makes the next.
 */
public final class AttentionBackward {
    private static final int BLOCK = AttentionKernel.BLOCK;

    private static final ThreadLocal<Scratch> SCRATCH = Scratch.perThread();

    private final Attention attention;
    private final KeyValues past;
    private final int size;
    private final int ldq;
    /** A column for each token, for products with queries and with dy. */
    private final long keyColumns;

    private final long valueColumns;
    /** A row for each token, for products with dS. */
    private final long keyRows;

    private final long dyRows;
    private final long queryRows;
    private final long ds;

    /** @param ldq floats from one row of queries to the next */
    public AttentionBackward(Attention attention, KeyValues past, int ldq) {
        this.attention = attention;
        this.past = past;
        this.size = attention.heads().size();
        this.ldq = ldq;
        int rows = past.tokens();
        long columns = 4 * Gemm.packedFloats(rows, size);
        long block = 4 * Gemm.packedFloats(size, BLOCK);
        long square = 4L * BLOCK * AttentionKernel.pitch(rows);
        long all = 2 * columns + 4 * Gemm.packedFloats(size, rows) + 2 * block + 2 * square;
        dyRows = SCRATCH.get().floats(all / 4);
        queryRows = dyRows + block;
        ds = queryRows + block;
        keyColumns = ds + 2 * square;
        valueColumns = keyColumns + columns;
        keyRows = valueColumns + columns;
        Gemm.pack(Matrix.rowMajor(past.k(), past.ld()).transposed(), rows, size, keyColumns);
        Gemm.pack(Matrix.rowMajor(past.v(), past.ld()).transposed(), rows, size, valueColumns);
        Gemm.pack(Matrix.rowMajor(past.k(), past.ld()), size, rows, keyRows);
    }

    /**
     * Adds what one query head gives.
     *
     * @param q the span's first row of the head; y, what attention gave, and dy and dq likewise
     * @param dk of the sequence's token 0, rows as far apart as those of the keys; dv likewise
     */
    public void head(long q, long y, long dy, long dq, long dk, long dv) {
        for (int from = 0; from < past.rows(); from += BLOCK) {
            int count = Math.min(BLOCK, past.rows() - from);
            long at = 4L * from * ldq;
            block(from, count, q + at, y + at, dy + at, dq + at, dk, dv);
        }
    }

    private void block(int from, int count, long q, long y, long dy, long dq, long dk, long dv) {
        int position = past.past() + from;
        int seen = attention.end(position + count - 1, past.tokens());
        int pitch = AttentionKernel.pitch(seen);
        int ldk = past.ld();
        Matrix queries = Matrix.rowMajor(q, ldq);
        Matrix dyBlock = Matrix.rowMajor(dy, ldq);
        long p = AttentionKernel.probabilities(attention, queries, keyColumns, position, count, seen);
        Gemm.pack(dyBlock, size, count, dyRows);
        Matrix probabilities = Matrix.rowMajor(p, pitch);
        Gemm.packed(seen, size, count, probabilities.transposed(), dyRows, count, dv, ldk, true);
        Gemm.packed(count, seen, size, dyBlock, valueColumns, size, ds, pitch, false);
        for (int i = 0; i < count; i++) {
            long row = 4L * i * ldq;
            float delta = RowKernels.dot(dy + row, y + row, size);
            long score = 4L * i * pitch;
            BackwardKernels.attentionScores(p + score, ds + score, seen, delta, attention.scale());
        }
        if (attention.softCap() > 0) {
            long scores = ds + 4L * BLOCK * AttentionKernel.pitch(past.tokens());
            Gemm.packed(count, seen, size, queries, keyColumns, size, scores, pitch, false);
            for (int i = 0; i < count; i++) {
                long score = 4L * i * pitch;
                BackwardKernels.capScores(scores + score, ds + score, seen, attention.scale(), attention.softCap());
            }
        }
        Matrix dScores = Matrix.rowMajor(ds, pitch);
        Gemm.packed(count, size, seen, dScores, keyRows, past.tokens(), dq, ldq, true);
        Gemm.pack(queries, size, count, queryRows);
        Gemm.packed(seen, size, count, dScores.transposed(), queryRows, count, dk, ldk, true);
    }
}
