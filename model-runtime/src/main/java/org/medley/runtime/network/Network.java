package org.medley.runtime.network;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** A decoder that says which token comes next. Written once per family, in {@link Ops}, whatever it then runs on. */
public interface Network {
    /**
     * What an engine has to know of it.
     *
     * @param layers that attend, each with keys and values of its own
     * @param context longest sequence
     * @param endTokens ids that end a generation
     */
    record Shape(int vocabulary, int layers, Ops.Heads heads, int context, Set<Integer> endTokens) {
        /** Ids that the network has no logits for cannot come. */
        public Shape {
            endTokens =
                    endTokens.stream().filter(id -> id >= 0 && id < vocabulary).collect(Collectors.toUnmodifiableSet());
        }
    }

    Shape shape();

    /** Hidden states after the final norm: [batch.rows(), hidden]. The batch's cache is written. */
    Tensor hidden(Ops ops, Batch batch);

    /** Logits of hidden states: [rows, vocabulary]. */
    Tensor head(Ops ops, Tensor hidden);

    /** Logits of the given rows: [rows.length, vocabulary]. */
    default Tensor logits(Ops ops, Batch batch, int[] rows) {
        return head(ops, ops.rows(hidden(ops, batch), rows));
    }

    /** Every matrix that activations are multiplied with, by its name in the checkpoint, to be laid out for the device. */
    Map<String, Tensor> matrices();
}
