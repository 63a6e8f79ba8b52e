package org.medley.runtime.engine;

import java.nio.file.Path;
import java.util.List;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;

/** A model on a device, with its cache: what an engine runs its steps on. Used by one thread. */
public interface Runner extends AutoCloseable {
    Network.Shape shape();

    /** Pages of the cache. */
    int pages();

    void copy(List<Step.Copy> copies);

    /**
     * One pass.
     *
     * @param rows whose logits are wanted
     * @return F32 [rows.length, vocabulary] in host memory, valid until the next pass
     */
    Tensor run(int[] tokens, List<Batch.Span> spans, int[] rows);

    /**
     * Reads an adapter, which spans then go through by this name; one that goes by it already is replaced.
     *
     * @throws org.medley.runtime.weights.BadModelException if it is not one of this model
     */
    void addAdapter(String name, Path folder);

    void removeAdapter(String name);

    /** Bytes of weights read for every pass. */
    long weightBytes();

    /** Bytes of weights and cache held. */
    long bytes();

    @Override
    void close();
}
