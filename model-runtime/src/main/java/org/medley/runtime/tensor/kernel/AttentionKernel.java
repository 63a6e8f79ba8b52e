package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * Causal softmax attention of one head over contiguous keys and values. Blocks of query rows go through {@link Gemm};
 * a single new token goes key by key. Scores of one block exist at a time, never the whole square.
 */
public final class AttentionKernel {
    public static final int BLOCK = 64;

    private static final ThreadLocal<Scratch> SCORES = Scratch.perThread();

    private AttentionKernel() {}

    /**
     * @param q first query row of this head, rows {@code ldq} floats apart
     * @param k key of token 0 of this head, rows {@code ldk} apart; {@code v} likewise
     * @param past tokens before the first query row
     * @param out like q
     */
    public static void forward(long q, int ldq, long k, long v, int ldk, int rows, int past, int headSize, long out) {
        float scale = (float) (1 / Math.sqrt(headSize));
        if (rows == 1) {
            single(q, k, v, ldk, past + 1, headSize, scale, out);
            return;
        }
        for (int from = 0; from < rows; from += BLOCK) {
            int count = Math.min(BLOCK, rows - from);
            long p = probabilities(q, ldq, k, ldk, from, count, past, headSize, scale);
            int keys = past + from + count;
            Matrix values = Matrix.rowMajor(v, ldk);
            Gemm.serial(count, headSize, keys, Matrix.rowMajor(p, keys), values, out + 4L * from * ldq, ldq, false);
        }
    }

    /**
     * Softmax probabilities of query rows {@code [from, from+count)}: [count, past+from+count] with zeros above the
     * diagonal, in scratch memory of the calling thread that the next call overwrites.
     */
    public static long probabilities(
            long q, int ldq, long k, int ldk, int from, int count, int past, int headSize, float scale) {
        int keys = past + from + count;
        long scores = SCORES.get().floats((long) count * keys);
        Matrix queries = Matrix.rowMajor(q + 4L * from * ldq, ldq);
        Gemm.serial(count, keys, headSize, queries, Matrix.rowMajor(k, ldk).transposed(), scores, keys, false);
        for (int i = 0; i < count; i++) {
            int visible = past + from + i + 1;
            long row = scores + 4L * i * keys;
            RowKernels.softmax(row, visible, scale);
            Memory.ALL.asSlice(row + 4L * visible, 4L * (keys - visible)).fill((byte) 0);
        }
        return scores;
    }

    private static void single(long q, long k, long v, int ldk, int keys, int headSize, float scale, long out) {
        long scores = SCORES.get().floats(keys);
        for (int t = 0; t < keys; t++) {
            Memory.f32(scores + 4L * t, RowKernels.dot(q, k + 4L * t * ldk, headSize));
        }
        RowKernels.softmax(scores, keys, scale);
        Memory.ALL.asSlice(out, 4L * headSize).fill((byte) 0);
        for (int t = 0; t < keys; t++) {
            RowKernels.axpy(Memory.f32(scores + 4L * t), v + 4L * t * ldk, out, headSize);
        }
    }
}
