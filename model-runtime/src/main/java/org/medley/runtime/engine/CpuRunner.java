package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** A network on the processor. */
final class CpuRunner implements Runner {
    private final Arena arena;
    private final Network network;
    private final CpuWeights weights;
    private final Workspace workspace = new Workspace();
    private final CpuOps ops;
    private final KvPool cache;
    private final Map<String, Adapter> adapters = new HashMap<>();

    /**
     * @param arena what the network's weights live in; closed with the runner
     * @param weights the network's matrices, laid out
     * @param pages of the cache
     * @param cacheFormat of its elements
     */
    private CpuRunner(Network network, Arena arena, CpuWeights weights, int pages, DType cacheFormat) {
        this.arena = arena;
        this.network = network;
        this.weights = weights;
        this.ops = new CpuOps(workspace, weights);
        var shape = network.shape();
        this.cache = new KvPool(
                pages, shape.layers(), shape.heads().kv(), shape.heads().size(), cacheFormat);
    }

    static CpuRunner load(ModelSource model, Engine.Options options, PageCount pages) {
        Arena arena = Arena.ofShared();
        try {
            Network network = DecoderLoader.network(model, arena, options.context(), options.format());
            CpuWeights weights = new CpuWeights();
            network.matrices().forEach((name, matrix) -> layOut(model, name, matrix, weights, arena));
            Network.Shape shape = network.shape();
            long pageBytes = KvPool.pageBytes(
                    shape.layers(), shape.heads().kv(), shape.heads().size(), options.cacheFormat());
            return new CpuRunner(network, arena, weights, pages.of(shape, pageBytes), options.cacheFormat());
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static void layOut(ModelSource model, String name, Tensor matrix, CpuWeights weights, Arena arena) {
        try {
            weights.add(List.of(matrix), arena);
        } catch (IllegalArgumentException e) {
            throw new BadModelException(model.path(), "tensor " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Network.Shape shape() {
        return network.shape();
    }

    @Override
    public String device() {
        return PROCESSOR;
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
        boolean adapted = spans.stream().anyMatch(span -> span.adapter() != null);
        Ops through = adapted ? new AdapterOps(ops, CpuRunner::accumulate, adapters, spans, tokens.length) : ops;
        return network.logits(through, Batch.of(tokens, spans, cache), rows);
    }

    private static void accumulate(float factor, Tensor x, Tensor y) {
        RowKernels.axpy(factor, x.address(), y.address(), Math.toIntExact(x.size()));
    }

    @Override
    public void addAdapter(String name, Path folder) {
        Adapter adapter = Adapter.read(folder, network.matrices());
        removeAdapter(name);
        weights.add(adapter.matrices(), adapter.arena());
        adapters.put(name, adapter);
    }

    @Override
    public void removeAdapter(String name) {
        Adapter adapter = adapters.remove(name);
        if (adapter != null) {
            weights.remove(adapter.matrices());
            adapter.close();
        }
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
        List.copyOf(adapters.keySet()).forEach(this::removeAdapter);
        cache.close();
        workspace.close();
        arena.close();
    }
}
