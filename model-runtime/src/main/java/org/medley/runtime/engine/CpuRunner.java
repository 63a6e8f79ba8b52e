package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.LowRank;
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
    private final Ops through;
    private final KvPool cache;
    private final Adapters adapters;

    /**
     * @param arena what the network's weights live in; closed with the runner
     * @param weights the network's matrices, laid out
     * @param pages of the cache
     * @param cacheFormat of its elements
     */
    private CpuRunner(
            Network network,
            Arena arena,
            CpuWeights weights,
            LiveModel.Wrapping wrapping,
            int pages,
            DType cacheFormat) {
        this.arena = arena;
        this.network = network;
        this.weights = weights;
        this.ops = new CpuOps(workspace, weights);
        this.through = wrapping.over(ops, workspace);
        this.adapters = new Adapters(
                network.matrices(),
                adapter -> weights.add(adapter.matrices(), adapter.arena()),
                adapter -> weights.remove(adapter.matrices()),
                this::add);
        var shape = network.shape();
        this.cache = new KvPool(
                pages, shape.layers(), shape.heads().kv(), shape.heads().size(), cacheFormat);
    }

    static CpuRunner load(ModelSource model, EngineOptions options, PageCount pages) {
        Arena arena = Arena.ofShared();
        try {
            Network network = DecoderLoader.network(model, arena, options.context(), options.format());
            CpuWeights weights = new CpuWeights();
            network.matrices().forEach((name, matrix) -> layOut(model, name, matrix, weights, arena));
            Network.Shape shape = network.shape();
            DType format = options.cacheFormatOr(DType.F32);
            long pageBytes = KvPool.pageBytes(
                    shape.layers(), shape.heads().kv(), shape.heads().size(), format);
            return new CpuRunner(network, arena, weights, (ops, w) -> ops, pages.of(shape, pageBytes), format);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Over weights that somebody else has and changes. */
    static CpuRunner live(LiveModel model, EngineOptions options, PageCount pages) {
        Arena arena = Arena.ofShared();
        CpuWeights weights =
                CpuWeights.of(new LinkedHashSet<>(model.network().matrices().values()), arena);
        Network.Shape shape = model.network().shape();
        DType format = options.cacheFormatOr(DType.F32);
        long pageBytes = KvPool.pageBytes(
                shape.layers(), shape.heads().kv(), shape.heads().size(), format);
        int count = pages.of(shape, pageBytes);
        return new CpuRunner(model.network(), arena, weights, model.wrapping(), count, format);
    }

    @Override
    public void weightsChanged() {
        weights.renew();
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
        Ops adapted = adapters.over(through, adapters.chosen(spans, tokens.length));
        return network.logits(adapted, Batch.of(tokens, spans, cache), rows);
    }

    /** Rows that follow each other and go through one part go together. */
    private void add(Tensor x, Tensor y, int[] chosen, List<LowRank> parts) {
        int from = 0;
        while (from < chosen.length) {
            int to = from + 1;
            while (to < chosen.length && chosen[to] == chosen[from]) {
                to++;
            }
            LowRank part = chosen[from] < 0 ? null : parts.get(chosen[from]);
            if (part != null) {
                Tensor low = ops.linear(x.slice(from, to - from), part.a(), null);
                Tensor more = ops.linear(low, part.b(), null);
                RowKernels.axpy(part.scale(), more.address(), y.row(from), Math.toIntExact(more.size()));
            }
            from = to;
        }
    }

    @Override
    public void addAdapter(String name, Path folder) {
        adapters.add(name, folder);
    }

    @Override
    public void removeAdapter(String name) {
        adapters.remove(name);
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
        adapters.close();
        cache.close();
        workspace.close();
        arena.close();
    }
}
