package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/**
 * Attention over the pages of a cache, for one span and one key-value head with all query heads that share it. Scores
 * and weighted values are products with the pages' panels; pages are taken in order, each summed by itself, so that a
 * token's result does not depend on how its prompt was cut into steps.
 */
public final class PagedAttention {
    /** Floats of scores that should stay near the core. */
    private static final int SCORES = 1 << 18;

    private static final ThreadLocal<Scratch> SCORE_MEMORY = Scratch.perThread();
    private static final ThreadLocal<Scratch> PAGE_MEMORY = Scratch.perThread();

    private PagedAttention() {}

    /**
     * @param q the span's first row, at the first of the group's heads; rows {@code ldq} floats apart
     * @param out like q
     */
    public static void forward(
            Attention attention, KvPool cache, int layer, int kvHead, Batch.Span span, long q, int ldq, long out) {
        int group = attention.heads().count() / attention.heads().kv();
        int size = attention.heads().size();
        if (span.rows() == 1) {
            Matrix queries = Matrix.rowMajor(q, size);
            block(attention, cache, layer, kvHead, span, queries, group, 0, span.past(), out, size);
            return;
        }
        int keys = span.past() + span.rows();
        int rows = Math.clamp(SCORES / keys / 8 * 8, 8, 64);
        for (int from = 0; from < span.rows(); from += rows) {
            int count = Math.min(rows, span.rows() - from);
            for (int head = 0; head < group; head++) {
                long offset = 4L * ((long) from * ldq + (long) head * size);
                Matrix queries = Matrix.rowMajor(q + offset, ldq);
                int position = span.past() + from;
                block(attention, cache, layer, kvHead, span, queries, count, 1, position, out + offset, ldq);
            }
        }
    }

    /** @param step positions from one query row to the next: 1 for tokens, 0 for heads of one token */
    private static void block(
            Attention attention,
            KvPool cache,
            int layer,
            int kvHead,
            Batch.Span span,
            Matrix queries,
            int rows,
            int step,
            int position,
            long out,
            int ldo) {
        int size = attention.heads().size();
        int keys = position + step * (rows - 1) + 1;
        int firstPage = attention.first(position) / KvPool.PAGE;
        int endPage = (keys + KvPool.PAGE - 1) / KvPool.PAGE;
        int width = (endPage - firstPage) * KvPool.PAGE;
        int start = firstPage * KvPool.PAGE;
        long scores = SCORE_MEMORY.get().floats((long) rows * width);
        long decoded = PAGE_MEMORY.get().floats(KvCodec.decodedFloats(size));
        for (int page = firstPage; page < endPage; page++) {
            long at = cache.keys(span.pages()[page], layer, kvHead);
            long panel = KvCodec.keys(cache.dtype(), at, size, decoded);
            long to = scores + 4L * (page * KvPool.PAGE - start);
            Gemm.packed(rows, Panels.WIDTH, size, queries, panel, size, to, width, false);
        }
        for (int row = 0; row < rows; row++) {
            int at = position + step * row;
            RowKernels.attentionWeights(
                    attention, scores + 4L * row * width, width, attention.first(at) - start, at + 1 - start);
        }
        for (int page = firstPage; page < endPage; page++) {
            int tokens = Math.min(KvPool.PAGE, keys - page * KvPool.PAGE);
            long at = cache.values(span.pages()[page], layer, kvHead);
            long panels = KvCodec.values(cache.dtype(), at, size, tokens, decoded);
            Matrix weights = Matrix.rowMajor(scores + 4L * (page * KvPool.PAGE - start), width);
            Gemm.packed(rows, size, tokens, weights, panels, KvPool.PAGE, out, ldo, page > firstPage);
        }
    }
}
