package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * Softmax attention of one head over contiguous keys and values, for sequences without a cache: in training, and in
 * encoders. Scores of one block of query rows exist at a time, never the whole square.
 */
public final class AttentionKernel {
    static final int BLOCK = 64;
    /** Floats of a cache line. */
    private static final int LINE = 16;

    private static final ThreadLocal<Scratch> PACKED = Scratch.perThread();
    private static final ThreadLocal<Scratch> SCORES = Scratch.perThread();

    private AttentionKernel() {}

    /**
     * @param q first query row of the span for this head, rows {@code ldq} floats apart
     * @param out like q
     */
    public static void forward(Attention attention, long q, int ldq, KeyValues past, long out) {
        int size = attention.heads().size();
        int tokens = past.tokens();
        long keys = PACKED.get().floats(Gemm.packedFloats(tokens, size) + Gemm.packedFloats(size, tokens));
        long values = keys + 4 * Gemm.packedFloats(tokens, size);
        Gemm.pack(Matrix.rowMajor(past.k(), past.ld()).transposed(), tokens, size, keys);
        Gemm.pack(Matrix.rowMajor(past.v(), past.ld()), size, tokens, values);
        for (int from = 0; from < past.rows(); from += BLOCK) {
            int count = Math.min(BLOCK, past.rows() - from);
            int position = past.past() + from;
            int seen = attention.end(position + count - 1, tokens);
            Matrix queries = Matrix.rowMajor(q + 4L * from * ldq, ldq);
            Matrix p = Matrix.rowMajor(probabilities(attention, queries, keys, position, count, seen), pitch(seen));
            Gemm.packed(count, size, seen, p, values, tokens, out + 4L * from * ldq, ldq, false);
        }
    }

    /**
     * From one row of scores to the next, in floats. An odd number of cache lines, because products read them down the
     * columns too, and rows a power of two apart would all fall on few lines of the cache.
     */
    static int pitch(int keys) {
        return (Math.ceilDiv(keys, LINE) | 1) * LINE;
    }

    /**
     * Softmax probabilities of the queries at positions {@code [from, from+count)}: rows of {@link #pitch} floats, of which the first
     * {@code seen} are written, with zeros where a row does not see. In scratch memory of the calling thread that the
     * next call overwrites.
     *
     * @param queries the rows
     * @param keys all of the head's, packed across
     */
    static long probabilities(Attention attention, Matrix queries, long keys, int from, int count, int seen) {
        int size = attention.heads().size();
        int pitch = pitch(seen);
        long scores = SCORES.get().floats((long) count * pitch);
        Gemm.packed(count, seen, size, queries, keys, size, scores, pitch, false);
        for (int i = 0; i < count; i++) {
            int position = from + i;
            int end = attention.end(position, seen);
            RowKernels.attentionWeights(attention, scores + 4L * i * pitch, seen, attention.first(position), end);
        }
        return scores;
    }
}
