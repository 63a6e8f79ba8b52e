package org.medley.training.bench;

import org.medley.training.data.Packed;

/** One implementation of training, holding a model of its own that began with the same weights as the others'. */
public interface Contestant extends AutoCloseable {
    String name();

    /**
     * One step: forward, loss, backward, clipping, AdamW.
     *
     * @param times where the step's parts are written down
     * @return the mean loss in nats, before the step
     */
    double step(Packed data, Times times);

    @Override
    void close();
}
