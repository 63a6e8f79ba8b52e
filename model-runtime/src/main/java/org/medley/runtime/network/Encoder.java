package org.medley.runtime.network;

import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** A network that reads texts whole, every token seeing those after it too. Written once per family, in {@link Ops}. */
public interface Encoder {
    /**
     * @param width of a hidden state
     * @param context longest text in tokens
     * @param scores whether it was trained to give a text, or a pair of texts, one score
     */
    record Shape(int vocabulary, int width, int context, boolean scores) {}

    Shape shape();

    /**
     * @param batch whole texts, without a cache
     * @param types of each token: 1 in the second text of a pair, otherwise 0
     * @return [rows, width]
     */
    Tensor hidden(Ops ops, Batch batch, int[] types);

    /**
     * One score per text, not yet squeezed between 0 and 1: [spans, 1].
     *
     * @param hidden what {@link #hidden} returned for the batch
     * @throws UnsupportedOperationException if it does not score
     */
    Tensor scores(Ops ops, Tensor hidden, Batch batch);

    /** Every matrix that activations are multiplied with, by its name in the checkpoint. */
    Map<String, Tensor> matrices();
}
