package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * Softmax attention of one head over contiguous keys and values, for sequences that are whole: in training, and in
 * encoders. Scores of one block of query rows exist at a time, never the whole square.
 */
public final class AttentionKernel {
    public static final int BLOCK = 64;

    private static final ThreadLocal<Scratch> SCORES = Scratch.perThread();

    private AttentionKernel() {}

    /**
     * @param q first query row of this head, rows {@code ldq} floats apart
     * @param k key of token 0 of this head, rows {@code ldk} apart; {@code v} likewise
     * @param out like q
     */
    public static void forward(Attention attention, long q, int ldq, long k, long v, int ldk, int rows, long out) {
        int size = attention.heads().size();
        for (int from = 0; from < rows; from += BLOCK) {
            int count = Math.min(BLOCK, rows - from);
            int keys = attention.end(from + count - 1, rows);
            long p = probabilities(attention, q, ldq, k, ldk, from, count, keys);
            Matrix values = Matrix.rowMajor(v, ldk);
            Gemm.serial(count, size, keys, Matrix.rowMajor(p, keys), values, out + 4L * from * ldq, ldq, false);
        }
    }

    /**
     * Softmax probabilities of query rows {@code [from, from+count)}: [count, keys] with zeros where a row does not see,
     * in scratch memory of the calling thread that the next call overwrites.
     */
    public static long probabilities(
            Attention attention, long q, int ldq, long k, int ldk, int from, int count, int keys) {
        long scores = SCORES.get().floats((long) count * keys);
        Matrix queries = Matrix.rowMajor(q + 4L * from * ldq, ldq);
        Matrix transposed = Matrix.rowMajor(k, ldk).transposed();
        Gemm.serial(count, keys, attention.heads().size(), queries, transposed, scores, keys, false);
        for (int i = 0; i < count; i++) {
            int position = from + i;
            int end = attention.end(position, keys);
            RowKernels.attentionWeights(attention, scores + 4L * i * keys, keys, attention.first(position), end);
        }
        return scores;
    }
}
