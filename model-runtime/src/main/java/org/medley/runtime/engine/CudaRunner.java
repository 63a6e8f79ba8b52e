package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.CudaKvCache;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaSampler;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.weights.ModelSource;

/**
 * A network on a CUDA device. Passes that give each sequence one token are filled up to the next power of two of
 * sequences, recorded the second time they come, and repeated from then on.
 */
final class CudaRunner implements Runner {
    private static final int MOST_RECORDED = CudaOps.FEW_ROWS;

    private record Recorded(Gpu.Graph graph, Tensor logits) {}

    private final Arena arena;
    private final Gpu gpu;
    private final Network network;
    private final CudaWeights weights;
    private final CudaOps ops;
    private final CudaSampler sampler;
    private final CudaKvCache cache;
    private final int tablePages;
    private final Adapters adapters;
    /** By how many sequences; those of {@code seen} ran once, after which nothing of them is new to the device. */
    private final Map<Integer, Recorded> recorded = new HashMap<>();

    private final Set<Integer> seen = new HashSet<>();
    private long logitsAt;
    private long logitsBytes;

    /**
     * @param arena what the network's weights live in; closed with the runner
     * @param gpu closed with the runner
     */
    private CudaRunner(Network network, Arena arena, Gpu gpu, DevicePool pool, int pages, DType cacheFormat) {
        this.arena = arena;
        this.gpu = gpu;
        this.network = network;
        Network.Shape shape = network.shape();
        this.tablePages = Math.ceilDiv(shape.context(), KvPool.PAGE) + 1;
        this.cache = new CudaKvCache(pool, pages, shape.layers(), shape.heads(), cacheFormat);
        this.weights = new CudaWeights(pool);
        this.weights.add(network.matrices().values());
        this.ops = new CudaOps(pool, weights, tablePages, MOST_RECORDED);
        this.sampler = new CudaSampler(pool);
        this.adapters = new Adapters(network.matrices(), this::bring, this::drop, ops::addLowRank);
    }

    /**
     * @param gpu closed with the runner, or if it cannot be made
     * @throws IllegalStateException if the device's memory is too small for weights and cache
     */
    static CudaRunner load(Gpu gpu, ModelSource model, EngineOptions options, PageCount pages) {
        Arena arena = Arena.ofShared();
        try {
            Network network = DecoderLoader.network(model, arena, options.context(), options.format());
            Network.Shape shape = network.shape();
            DType format = options.cacheFormatOr(DType.BF16);
            long pageBytes = CudaKvCache.pageBytes(shape.layers(), shape.heads(), format);
            DevicePool pool = new DevicePool(gpu);
            int count = pages.of(shape, pageBytes);
            pool.require(Map.of(
                    DevicePool.WEIGHTS,
                    CudaWeights.bytes(network.matrices().values()),
                    DevicePool.CACHE,
                    (count + 1) * pageBytes,
                    DevicePool.WORK,
                    CudaOps.leastBytes()
                            + CudaSampler.mostBytes(options.limits().sequences(), shape.vocabulary())));
            return new CudaRunner(network, arena, gpu, pool, count, format);
        } catch (RuntimeException | Error e) {
            Closing.after(e, gpu::close, arena::close);
            throw e;
        }
    }

    @Override
    public Network.Shape shape() {
        return network.shape();
    }

    @Override
    public String device() {
        return gpu.properties().name();
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
        return onHost(pass(tokens, spans, rows), new Draw.Drawn[rows.length]);
    }

    @Override
    public Yield run(int[] tokens, List<Batch.Span> spans, int[] rows, Supplier<Draw[]> draws) {
        Tensor logits = pass(tokens, spans, rows);
        if (rows.length == 0 || !CudaSampler.fits(shape().vocabulary())) {
            return new Yield(onHost(logits, new Draw.Drawn[rows.length]), new Draw.Drawn[0]);
        }
        Draw.Drawn[] drawn = sampler.draw(logits, draws.get());
        return new Yield(onHost(logits, drawn), drawn);
    }

    /** Logits on the device, of the rows and of whatever fills up behind them; null if none are wanted. */
    private Tensor pass(int[] tokens, List<Batch.Span> spans, int[] rows) {
        if (repeatable(spans, rows)) {
            return repeated(tokens, spans);
        }
        Batch batch = Batch.of(tokens, spans, cache);
        int[] chosen = adapters.chosen(spans, tokens.length);
        ops.begin(batch, rows, chosen);
        Ops through = adapters.over(ops, chosen);
        if (rows.length == 0) {
            network.hidden(through, batch);
            return null;
        }
        return network.logits(through, batch, rows);
    }

    private boolean repeatable(List<Batch.Span> spans, int[] rows) {
        return spans.size() <= MOST_RECORDED
                && rows.length == spans.size()
                && spans.stream()
                        .allMatch(span ->
                                span.rows() == 1 && span.adapter() == null && span.past() < tablePages * KvPool.PAGE);
    }

    /** Sequences that a pass of so many is filled up to. */
    static int bucket(int sequences) {
        return sequences == 1 ? 1 : Integer.highestOneBit(sequences - 1) << 1;
    }

    /** Logits of a row for every sequence and of those that fill up. */
    private Tensor repeated(int[] tokens, List<Batch.Span> spans) {
        int bucket = bucket(spans.size());
        List<Batch.Span> filled = new ArrayList<>(spans);
        while (filled.size() < bucket) {
            filled.add(new Batch.Span(filled.size(), 1, 0, new int[] {cache.sparePage()}, null));
        }
        int[] rows = IntStream.range(0, bucket).toArray();
        Batch batch = Batch.of(Arrays.copyOf(tokens, bucket), filled, cache);
        ops.begin(batch, rows, new int[0]);
        if (!seen.contains(bucket)) {
            Tensor logits = network.logits(ops, batch, rows);
            seen.add(bucket);
            return logits;
        }
        Recorded pass = recorded.computeIfAbsent(bucket, size -> {
            Tensor[] logits = new Tensor[1];
            Gpu.Graph graph = gpu.record(() -> logits[0] = network.logits(ops, batch, rows));
            return new Recorded(graph, logits[0]);
        });
        pass.graph.launch();
        return pass.logits;
    }

    /** The rows of which nothing was drawn. */
    private Tensor onHost(Tensor logits, Draw.Drawn[] drawn) {
        int vocabulary = shape().vocabulary();
        long bytes = 4L * drawn.length * vocabulary;
        if (bytes > logitsBytes) {
            logitsBytes = 2 * bytes;
            logitsAt = gpu.allocateHost(logitsBytes);
        }
        int from = 0;
        while (from < drawn.length) {
            int to = from;
            while (to < drawn.length && drawn[to] == null) {
                to++;
            }
            if (to > from) {
                ops.toHost(logits.slice(from, to - from), logitsAt + 4L * from * vocabulary);
            }
            from = to + 1;
        }
        return new Tensor(
                DType.F32,
                new int[] {drawn.length, vocabulary},
                MemorySegment.ofAddress(logitsAt).reinterpret(bytes));
    }

    private void bring(Adapter adapter) {
        weights.add(adapter.matrices());
        ops.lowRankChanged();
    }

    private void drop(Adapter adapter) {
        weights.remove(adapter.matrices());
        ops.lowRankChanged();
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
        return weights.bytes() + cache.bytes() + ops.bytes() + sampler.bytes();
    }

    @Override
    public void close() {
        Closing.all(
                adapters::close,
                () -> Closing.all(recorded.values().stream().<Runnable>map(pass -> pass.graph::close)),
                sampler::close,
                ops::close,
                weights::close,
                cache::close,
                gpu::close,
                arena::close);
    }
}
