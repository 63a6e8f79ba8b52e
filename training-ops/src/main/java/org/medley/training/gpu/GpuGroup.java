package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Collectives;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.precision.Precision;

/**
 * Several CUDA devices that share a step, each a worker with the whole network and the optimizer of one shard. Their
 * passes run beside each other, a thread for each device; all else is asked for by the thread that trains. What a step
 * gives depends on how many devices there are, and not on which is faster: each has its own passes in their order, and
 * what comes from all of them is added up in the order of ranks.
 *
 * <p>What is not shared, as measuring, runs on the first device.
 */
public final class GpuGroup implements TrainingDevice {
    private final List<GpuDevice> devices = new ArrayList<>();
    private final Collectives collectives;
    private final ExecutorService threads;

    /**
     * @param gpus two or more, closed with this
     * @param collectives among them, closed with this
     * @param rows that a pass has at most
     * @param resultBytes that the results of a pass are planned to take on each device
     */
    public GpuGroup(
            List<Gpu> gpus,
            Collectives collectives,
            TrainedWeights weights,
            Precision precision,
            int rows,
            long resultBytes) {
        for (int rank = 0; rank < gpus.size(); rank++) {
            devices.add(new GpuDevice(gpus.get(rank), weights, precision, rows, resultBytes, rank, gpus.size()));
        }
        this.collectives = collectives;
        this.threads = Executors.newFixedThreadPool(
                gpus.size(), Thread.ofPlatform().daemon().name("gpu-", 0).factory());
    }

    /** Bytes that a device's part of a step's gradients is exchanged in, when results of passes are gone. */
    public static long exchanged(long elements, int ranks) {
        return ranks == 1 ? 0 : ShardExchange.bytes(Shards.size(elements, ranks), ranks);
    }

    /** Does something for each rank at once, and waits for all. */
    private void each(IntConsumer work) {
        List<Callable<Void>> calls = IntStream.range(0, devices.size())
                .<Callable<Void>>mapToObj(rank -> () -> {
                    work.accept(rank);
                    return null;
                })
                .toList();
        try {
            List<Future<Void>> done = threads.invokeAll(calls);
            for (int rank = 0; rank < done.size(); rank++) {
                finished(rank, done.get(rank));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the devices were at work", e);
        }
    }

    private void finished(int rank, Future<Void> done) throws InterruptedException {
        try {
            done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(
                    "rank " + rank + " on " + devices.get(rank) + ": "
                            + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    private long[] addresses(ToLongFunction<GpuDevice> of) {
        return devices.stream().mapToLong(of).toArray();
    }

    @Override
    public TrainingDevice of(int worker) {
        return devices.get(worker);
    }

    @Override
    public void share(int passes, int workers, Pass work) {
        each(rank -> {
            for (int pass = rank; pass < passes; pass += devices.size()) {
                work.run(rank, pass);
            }
        });
    }

    @Override
    public GradientExchange exchange(
            ExchangeSettings settings, int workers, List<Parameter> parameters, States states) {
        if (settings.compression() != Compression.none || workers != devices.size()) {
            throw new IllegalArgumentException("an exchange with compression " + settings.compression() + " among "
                    + workers + " workers; " + devices.size() + " GPUs are one each, and compress nothing");
        }
        return new ShardExchange(devices, collectives, states);
    }

    /** Each device's of its shard of its own gradients, for which the first device's stand. */
    @Override
    public double norm(Map<String, Tensor> gradients) {
        double[] squares = new double[devices.size()];
        each(rank -> {
            GpuDevice device = devices.get(rank);
            squares[rank] = device.squares(device.gradientsByName());
        });
        double sum = 0;
        for (double one : squares) {
            sum += one;
        }
        return Math.sqrt(sum);
    }

    @Override
    public Optimizer optimizer(Settings settings, List<Parameter> parameters, States states) {
        DeviceAdamW.make(settings, parameters, states);
        List<Optimizer> shards = devices.stream()
                .map(device -> device.shardOptimizer(settings, parameters, states))
                .toList();
        return new ShardedOptimizer(devices, shards, states);
    }

    /** Each device's over its shard by its own gradients, for which the first device's stand. */
    private record ShardedOptimizer(List<GpuDevice> devices, List<Optimizer> shards, States states)
            implements Optimizer {
        @Override
        public void step(Map<String, Tensor> gradients, int step, float learningRate, float gradientScale) {
            for (int rank = 0; rank < shards.size(); rank++) {
                shards.get(rank).step(devices.get(rank).gradientsByName(), step, learningRate, gradientScale);
            }
        }
    }

    @Override
    public void changed() {
        collectives.gather(
                addresses(GpuDevice::own),
                addresses(GpuDevice::masters),
                devices.getFirst().shards().bytes());
        devices.forEach(GpuDevice::changed);
    }

    @Override
    public void fetch() {
        each(rank -> devices.get(rank).fetch());
    }

    @Override
    public void store() {
        each(rank -> devices.get(rank).store());
    }

    @Override
    public Ops forward() {
        return devices.getFirst().forward();
    }

    @Override
    public BackwardOps backward() {
        return devices.getFirst().backward();
    }

    @Override
    public Map<String, Tensor> gradients(Map<String, Tensor> like) {
        return devices.getFirst().gradients(like);
    }

    @Override
    public void begin(int step) {
        devices.forEach(device -> device.begin(step));
    }

    @Override
    public void zero(Tensor gradient) {
        devices.getFirst().zero(gradient);
    }

    @Override
    public void pass(Batch batch) {
        devices.getFirst().pass(batch);
    }

    @Override
    public float[] read(Tensor tensor) {
        return devices.getFirst().read(tensor);
    }

    @Override
    public Ops serving(Ops ops, Workspace room) {
        return devices.getFirst().serving(ops, room);
    }

    @Override
    public long workspaceBytes() {
        return devices.stream().mapToLong(GpuDevice::workspaceBytes).sum();
    }

    @Override
    public void close() {
        Closing.all(Stream.concat(
                Stream.of(threads::close, collectives::close),
                devices.stream().<Runnable>map(device -> device::close)));
    }
}
