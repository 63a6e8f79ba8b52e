package org.medley.training.gpu;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.precision.Precision;

/**
 * Training on a CUDA device. Masters, gradients, optimizer states and what the network uses of the masters lie there; the
 * host's tensors are names of them, and copies when asked for. What lies between the operations is F32 in every
 * precision: in a lower one the operands of products are rounded, and nothing else.
 *
 * <p>One of several devices has all gradients and all that the network uses, but masters and moments of its shard alone
 * (ZeRO-1, Rajbhandari et al. 2020). In full precision the network uses the masters themselves, so that a device has
 * those of all shards. In a lower one they come together after each step in the gradients' memory, whose contents the
 * step has used up, and are rounded from there. They travel as F32, which is twice what BF16 would be: tiles and their
 * scales are made of F32, and no device needs memory for it.
 */
public final class GpuDevice implements TrainingDevice {
    /** Logits that exist at a time: 2^26 are 256 MB, and as much for their gradient. */
    public static final int LOGITS_AT_ONCE = 1 << 26;

    private final Gpu gpu;
    private final TrainedWeights weights;
    private final DevicePool pool;
    private final CudaWeights names;
    private final DeviceMemory kept;
    private final DeviceMemory gathered;
    private final DeviceMemory moments;
    private final CudaOps ops;
    private final Launcher launcher;
    private final DeviceWorkspace operands;
    private final DeviceWorkspace eightOperands;
    private final LinearLayers linears;
    private final Ops forward;
    private final BackwardOps backward;
    private final NetworkWeights network;
    private final Shards shards;
    private final int rank;
    /** Where the gradients of all tensors lie. */
    private final long gradients;
    /** Where the masters lie that the network's weights are made of. */
    private final long masters;
    /** Where those of them lie that are trained here: among them, unless they are in the gradients' place. */
    private final long own;

    private final Map<String, Tensor> gradientsByName = new LinkedHashMap<>();
    private DeviceAdamW optimizer;

    /**
     * @param gpu closed with this
     * @param rows that a pass has at most
     * @param resultBytes that the results of a pass are planned to take, taken at once; more is taken when it is needed
     */
    public GpuDevice(Gpu gpu, TrainedWeights weights, Precision precision, int rows, long resultBytes) {
        this(gpu, weights, precision, rows, resultBytes, 0, 1);
    }

    /**
     * One of several.
     *
     * @param rank whose shard of the masters is trained here
     * @param ranks how many devices there are
     */
    GpuDevice(Gpu gpu, TrainedWeights weights, Precision precision, int rows, long resultBytes, int rank, int ranks) {
        if (!precision.kind().onGpu() || precision.outliers() != 1) {
            throw new IllegalArgumentException("precision " + precision + " is not trained on a GPU");
        }
        this.gpu = gpu;
        this.weights = weights;
        pool = new DevicePool(gpu);
        boolean full = precision.isFull();
        names = new CudaWeights(pool);
        kept = new DeviceMemory(pool, "trained weights");
        gathered = new DeviceMemory(pool, "gradients");
        moments = new DeviceMemory(pool, "optimizer states");
        ops = new CudaOps(pool, names, 1, 1, !full);
        launcher = ops.launcher();
        operands = new DeviceWorkspace(pool);
        eightOperands = new DeviceWorkspace(pool);
        boolean scaled = precision.kind().name().startsWith("fp8");
        Tiles tiles = new Tiles(
                launcher,
                precision.scales() == Precision.Scales.power_of_two,
                precision.kind() == Precision.Kind.fp8_tensor);
        EightBitProducts eight = scaled ? new EightBitProducts(launcher, tiles, ops.workspace(), eightOperands) : null;
        linears = new LinearLayers(new PlainProducts(launcher, names, ops.workspace(), operands), eight);
        forward = new CudaTrainingOps(ops, names, linears);
        backward = new CudaBackwardOps(ops, names, linears, kept, !full);
        network = new NetworkWeights(launcher, kept, names, eight, tiles);
        if (resultBytes > 0) {
            ops.workspace().reset(resultBytes);
        }
        this.rank = rank;
        shards = Shards.of(weights.masters(), ranks);
        gradients = zeros(gathered, shards.allBytes());
        boolean lent = !full && ranks > 1;
        masters = lent ? gradients : zeros(kept, shards.allBytes());
        own = lent ? zeros(kept, shards.bytes()) : masters + rank * shards.bytes();
        weights.masters()
                .forEach((name, master) -> gradientsByName.put(
                        name, DeviceMemory.tensor(gradients + shards.before(name), master.shape())));
        place(full, scaled, rows);
        bring();
    }

    private long zeros(DeviceMemory memory, long bytes) {
        long address = memory.allocate(bytes);
        gpu.zero(address, bytes);
        return address;
    }

    private void place(boolean full, boolean scaled, int rows) {
        Map<Tensor, Boolean> products = new IdentityHashMap<>();
        weights.products().forEach(tensor -> products.put(tensor, true));
        if (weights.frozen()) {
            weights.network()
                    .values()
                    .forEach(tensor -> freeze(tensor, full, scaled && products.containsKey(tensor), rows));
        }
        weights.used()
                .forEach((name, tensor) ->
                        use(tensor, masters + shards.before(name), full, scaled && products.containsKey(tensor), rows));
    }

    /** Brings the host's masters here, all of them once for what the network uses. */
    private void bring() {
        weights.masters()
                .forEach((name, master) -> gpu.upload(
                        master.address(),
                        masters + shards.before(name),
                        master.data().byteSize()));
        long among = masters + rank * shards.bytes();
        if (own != among) {
            gpu.copy(among, own, shards.bytes());
        }
        gpu.synchronize();
        changed();
    }

    /** What stays as it is: once rounded, its F32 is not kept. */
    private void freeze(Tensor tensor, boolean full, boolean tiled, int rows) {
        long address = brought(tensor);
        use(tensor, address, full, tiled, rows);
        if (!full) {
            network.freeze();
            gpu.synchronize();
            kept.free(address);
        }
    }

    private long brought(Tensor host) {
        long bytes = host.data().byteSize();
        long address = kept.allocate(bytes);
        gpu.upload(host.address(), address, bytes);
        gpu.synchronize();
        return address;
    }

    private void use(Tensor name, long master, boolean full, boolean tiled, int rows) {
        if (full) {
            network.full(name, master);
        } else if (tiled) {
            network.tiled(name, master, rows);
        } else {
            network.rounded(name, master);
        }
    }

    @Override
    public Ops forward() {
        return forward;
    }

    @Override
    public BackwardOps backward() {
        return backward;
    }

    @Override
    public Map<String, Tensor> gradients(Map<String, Tensor> like) {
        return gradientsByName;
    }

    @Override
    public Optimizer optimizer(Settings settings, List<Parameter> parameters, States states) {
        DeviceAdamW.make(settings, parameters, states);
        return shardOptimizer(settings, parameters, states);
    }

    /** @param states which {@link DeviceAdamW#make} filled */
    Optimizer shardOptimizer(Settings settings, List<Parameter> parameters, States states) {
        optimizer = new DeviceAdamW(launcher, moments, settings, parameters, shards.pieces(rank), own, states);
        return optimizer;
    }

    @Override
    public double norm(Map<String, Tensor> gradients) {
        return Math.sqrt(squares(gradients));
    }

    /** The sum of squares of what the shard has of gradients. */
    double squares(Map<String, Tensor> gradients) {
        Map<String, DeviceNorm.Run> pieces = new HashMap<>();
        for (Shards.Piece piece : shards.pieces(rank)) {
            long address = gradients.get(piece.name()).address() + DType.F32.bytes(piece.from());
            pieces.put(piece.name(), new DeviceNorm.Run(address, piece.count()));
        }
        return new DeviceNorm(launcher, ops.workspace()).squares(pieces);
    }

    Shards shards() {
        return shards;
    }

    Map<String, Tensor> gradientsByName() {
        return gradientsByName;
    }

    /** Where they lie, one after the other. */
    long gradients() {
        return gradients;
    }

    /** Where all masters are to lie when {@link #changed()} is called. */
    long masters() {
        return masters;
    }

    /** Where the masters of the shard lie. */
    long own() {
        return own;
    }

    /** Memory of which the results of a step's passes had a use, until the next pass. */
    long room(long bytes) {
        linears.forget();
        ops.workspace().reset();
        return ops.workspace().allocate(bytes);
    }

    /**
     * Makes a part of the shard's gradients the mean of what all devices have of them.
     *
     * @param runs the same part of all ranks, one after the other
     * @param at elements of the shard that lie before it
     */
    void average(long runs, long at, long count) {
        long to = gradients + rank * shards.bytes() + DType.F32.bytes(at);
        launcher.none().put(runs).put(shards.ranks()).put(count).put(1f / shards.ranks());
        launcher.arguments().put(to);
        launcher.launch("optimizer", "mean_of_ranks", Grid.elements(count));
    }

    @Override
    public void begin(int step) {}

    @Override
    public void zero(Tensor gradient) {
        gpu.zero(gradient.address(), DType.F32.bytes(gradient.size()));
    }

    @Override
    public void pass(Batch batch) {
        linears.forget();
        ops.begin(batch, new int[0], new int[0]);
    }

    @Override
    public void changed() {
        network.round();
    }

    @Override
    public void fetch() {
        for (Shards.Piece piece : shards.pieces(rank)) {
            long host = weights.masters().get(piece.name()).address() + DType.F32.bytes(piece.from());
            gpu.download(own + DType.F32.bytes(piece.at()), host, DType.F32.bytes(piece.count()));
        }
        if (optimizer != null) {
            optimizer.fetch();
        }
    }

    @Override
    public void store() {
        bring();
        if (optimizer != null) {
            optimizer.store();
        }
    }

    @Override
    public float[] read(Tensor tensor) {
        return new Uploads(gpu, ops.workspace()).read(tensor.address(), tensor.size());
    }

    /** The host's weights are the masters themselves: answers are computed from those in F32. */
    @Override
    public Ops serving(Ops ops, Workspace room) {
        return ops;
    }

    @Override
    public long workspaceBytes() {
        return ops.bytes() + operands.bytes() + eightOperands.bytes();
    }

    @Override
    public String toString() {
        return gpu.properties().name();
    }

    /** Bytes of the device's memory that are held; what a pass needs once is kept. */
    public long heldBytes() {
        return pool.held();
    }

    /** Waits until all that was asked for is done. */
    public void await() {
        gpu.synchronize();
    }

    @Override
    public void close() {
        Closing.all(
                gpu::synchronize,
                operands::close,
                eightOperands::close,
                ops::close,
                names::close,
                kept::close,
                gathered::close,
                moments::close,
                gpu::close);
    }
}
