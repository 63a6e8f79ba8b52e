package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Memory;

/**
 * Keys and values of one head for all tokens that a span sees, in rows {@code ld} floats apart. Those of a sequence that
 * begins like another are brought together, in scratch memory of the calling thread that the next call overwrites.
 *
 * @param k key of the sequence's token 0; {@code v} likewise
 * @param past tokens before the span
 * @param rows tokens of the span
 */
public record KeyValues(long k, long v, int ld, int past, int rows) {
    private static final ThreadLocal<Scratch> TOGETHER = Scratch.perThread();

    /**
     * Of a span without a cache.
     *
     * @param k of the pass's row 0, rows {@code ld} floats apart; {@code v} likewise
     * @param size of the head
     */
    public static KeyValues of(Batch.Span span, long k, long v, int ld, int size) {
        if (span.past() == 0) {
            long at = 4L * span.row() * ld;
            return new KeyValues(k + at, v + at, ld, 0, span.rows());
        }
        long floats = (long) (span.past() + span.rows()) * size;
        long keys = TOGETHER.get().floats(2 * floats);
        long values = keys + 4 * floats;
        for (int token = 0; token < span.past() + span.rows(); token++) {
            long from = 4L * row(span, token) * ld;
            long to = 4L * token * size;
            Memory.copy(k + from, keys + to, 4L * size);
            Memory.copy(v + from, values + to, 4L * size);
        }
        return new KeyValues(keys, values, size, span.past(), span.rows());
    }

    /** The row of the pass that holds a token of the span's sequence. */
    static int row(Batch.Span span, int token) {
        return token < span.past() ? span.beginning() + token : span.row() + token - span.past();
    }

    /** All that the last row of the span sees. */
    public int tokens() {
        return past + rows;
    }
}
