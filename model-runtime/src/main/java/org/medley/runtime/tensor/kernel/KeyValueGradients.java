package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Memory;

/**
 * Where the gradients of {@link KeyValues} are added up: in their own rows, or for a sequence that begins like another in
 * scratch memory of the calling thread, from where {@link #scatter} adds them to the rows that hold it.
 */
public final class KeyValueGradients {
    private static final ThreadLocal<Scratch> TOGETHER = Scratch.perThread();

    private final Batch.Span span;
    private final long rowsOfKeys;
    private final long rowsOfValues;
    private final int ld;
    private final int size;
    private final long keys;
    private final long values;

    /**
     * @param dk of the pass's row 0 for this head, rows {@code ld} floats apart; {@code dv} likewise
     * @param size of the head
     */
    public KeyValueGradients(Batch.Span span, long dk, long dv, int ld, int size) {
        this.span = span;
        this.rowsOfKeys = dk;
        this.rowsOfValues = dv;
        this.ld = ld;
        this.size = size;
        if (span.past() == 0) {
            keys = dk + 4L * span.row() * ld;
            values = dv + 4L * span.row() * ld;
        } else {
            long floats = (long) (span.past() + span.rows()) * size;
            keys = TOGETHER.get().floats(2 * floats);
            values = keys + 4 * floats;
            Memory.zero(keys, 8 * floats);
        }
    }

    /** Of the sequence's token 0, rows as far apart as those of its {@link KeyValues}. */
    public long keys() {
        return keys;
    }

    public long values() {
        return values;
    }

    public void scatter() {
        for (int token = 0; span.past() > 0 && token < span.past() + span.rows(); token++) {
            long from = 4L * token * size;
            long to = 4L * KeyValues.row(span, token) * ld;
            RowKernels.axpy(1, keys + from, rowsOfKeys + to, size);
            RowKernels.axpy(1, values + from, rowsOfValues + to, size);
        }
    }
}
