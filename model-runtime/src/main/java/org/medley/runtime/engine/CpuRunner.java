package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.util.List;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** A network on the processor. */
final class CpuRunner implements Runner {
    private final Arena arena;
    private final Network network;
    private final CpuWeights weights;
    private final Workspace workspace = new Workspace();
    private final CpuOps ops;
    private final KvPool cache;

    /**
     * @param arena what the network's weights live in; closed with the runner
     * @param pages of the cache
     * @param cacheFormat of its elements
     */
    CpuRunner(Network network, Arena arena, int pages, DType cacheFormat) {
        this.arena = arena;
        this.network = network;
        this.weights = CpuWeights.of(network.matrices(), arena);
        this.ops = new CpuOps(workspace, weights);
        var shape = network.shape();
        this.cache = new KvPool(
                pages, shape.layers(), shape.heads().kv(), shape.heads().size(), cacheFormat);
    }

    @Override
    public Network.Shape shape() {
        return network.shape();
    }

    @Override
    public int pages() {
        return cache.pages();
    }

    @Override
    public void copy(List<Step.Copy> copies) {
        copies.forEach(copy -> cache.copy(copy.from(), copy.to()));
    }

    @Override
    public Tensor run(int[] tokens, List<Batch.Span> spans, int[] rows) {
        workspace.reset();
        return network.logits(ops, Batch.of(tokens, spans, cache), rows);
    }

    @Override
    public long weightBytes() {
        return weights.bytes();
    }

    @Override
    public long bytes() {
        return weights.bytes() + cache.bytes() + workspace.capacity();
    }

    @Override
    public void close() {
        cache.close();
        workspace.close();
        arena.close();
    }
}
