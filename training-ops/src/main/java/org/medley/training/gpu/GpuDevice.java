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
    private final Map<String, Long> masters = new LinkedHashMap<>();
    private DeviceAdamW optimizer;

    /**
     * @param gpu closed with this
     * @param rows that a pass has at most
     * @param resultBytes that the results of a pass are planned to take, taken at once; more is taken when it is needed
     */
    public GpuDevice(Gpu gpu, TrainedWeights weights, Precision precision, int rows, long resultBytes) {
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
        place(full, scaled, rows);
        changed();
    }

    private void place(boolean full, boolean scaled, int rows) {
        Map<Tensor, Boolean> products = new IdentityHashMap<>();
        weights.products().forEach(tensor -> products.put(tensor, true));
        if (weights.frozen()) {
            weights.network()
                    .values()
                    .forEach(tensor -> freeze(tensor, full, scaled && products.containsKey(tensor), rows));
        }
        weights.masters().forEach((name, master) -> masters.put(name, brought(master)));
        weights.used()
                .forEach((name, tensor) ->
                        use(tensor, masters.get(name), full, scaled && products.containsKey(tensor), rows));
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
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        like.forEach((name, tensor) -> {
            Tensor gradient = DeviceMemory.tensor(gathered.allocate(DType.F32.bytes(tensor.size())), tensor.shape());
            zero(gradient);
            gradients.put(name, gradient);
        });
        return gradients;
    }

    @Override
    public Optimizer optimizer(Settings settings, List<Parameter> parameters, States states) {
        optimizer = new DeviceAdamW(launcher, moments, settings, parameters, new HashMap<>(masters), states);
        return optimizer;
    }

    @Override
    public double norm(Map<String, Tensor> gradients) {
        return new DeviceNorm(launcher, ops.workspace()).of(gradients);
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
        weights.masters()
                .forEach((name, master) -> gpu.download(
                        masters.get(name), master.address(), master.data().byteSize()));
        if (optimizer != null) {
            optimizer.fetch();
        }
    }

    @Override
    public void store() {
        weights.masters()
                .forEach((name, master) -> gpu.upload(
                        master.address(), masters.get(name), master.data().byteSize()));
        gpu.synchronize();
        if (optimizer != null) {
            optimizer.store();
        }
        changed();
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
