package org.medley.runtime.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.ModelSource;

/** A model on a device, with its cache: what an engine runs its steps on. Used by one thread. */
public interface Runner extends AutoCloseable {
    /** What the processor is called where it is said what ran. */
    String PROCESSOR = "the processor";

    Network.Shape shape();

    /** What it runs on, in words. */
    String device();

    /** How many pages a cache shall have, by the network's shape and the bytes that a page takes on the device. */
    interface PageCount {
        int of(Network.Shape shape, long pageBytes);
    }

    /** Reads a model onto a device. */
    interface Loader {
        Runner load(ModelSource model, EngineOptions options, PageCount pages);
    }

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
     * What a pass yields of each wanted row: a token that was chosen where the logits lie, or the logits.
     *
     * @param logits as of {@link #run(int[], List, int[])}; those of rows with a token are not there
     * @param drawn by row, null where the logits are; empty if no row has a token
     */
    record Yield(Tensor logits, Draw.Drawn[] drawn) {
        /** Null if the row's logits are there. */
        Draw.Drawn drawn(int row) {
            return drawn.length == 0 ? null : drawn[row];
        }

        /** Whether every row has a token. */
        boolean chosen() {
            return drawn.length > 0 && Stream.of(drawn).allMatch(Objects::nonNull);
        }
    }

    /**
     * One pass whose tokens may be chosen by the device that has the logits.
     *
     * @param draws one for each row, null where the logits are wanted; asked for, if at all, when the pass is under way
     */
    default Yield run(int[] tokens, List<Batch.Span> spans, int[] rows, Supplier<Draw[]> draws) {
        return new Yield(run(tokens, spans, rows), new Draw.Drawn[0]);
    }

    /**
     * Reads an adapter, which spans then go through by this name; one that goes by it already is replaced.
     *
     * @throws org.medley.runtime.weights.BadModelException if it is not one of this model
     */
    void addAdapter(String name, Path folder);

    void removeAdapter(String name);

    /** The weights have other values now, where they may. */
    default void weightsChanged() {}

    /** Bytes of weights read for every pass. */
    long weightBytes();

    /** Bytes of weights and cache held. */
    long bytes();

    @Override
    void close();
}
