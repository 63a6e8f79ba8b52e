package org.medley.runtime.tensor.cuda;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Shapes;
import org.medley.runtime.tensor.Tensor;

/**
 * {@link Ops} on a CUDA device. Activations are F32, as the networks' vocabulary has them: beside the weights of a pass
 * they are little to read, and sums over layers lose nothing; a product over many rows rounds its input to BF16.
 * Activations given and returned lie in device memory, weights in the host's, of which the device has its copies.
 */
public final class CudaOps implements Ops, AutoCloseable {
    /**
     * Rows up to which each choice of an expert is a product by itself; beyond, rows of one expert go together. As many
     * as a pass may have to be recorded, because then the host cannot ask what was chosen.
     */
    public static final int FEW_ROWS = 64;

    private final Gpu gpu;
    private final CudaWeights weights;
    private final DeviceMemory memory;
    private final DeviceWorkspace workspace;
    private final PassInputs inputs;
    private final int tablePages;
    private final Launcher launcher;
    private final CudaLinear linear;
    private final CudaAttention attention;
    private final CudaMixture mixture;
    private final CudaLowRank lowRank;

    /**
     * @param tablePages pages that a sequence may have
     * @param sequences that may be in a pass that is recorded
     */
    public CudaOps(DevicePool pool, CudaWeights weights, int tablePages, int sequences) {
        this(pool, weights, tablePages, sequences, false);
    }

    /** @param rounded whether attention over whole sequences may multiply BF16 */
    public CudaOps(DevicePool pool, CudaWeights weights, int tablePages, int sequences, boolean rounded) {
        this.gpu = pool.gpu();
        this.weights = weights;
        this.memory = new DeviceMemory(pool, DevicePool.WORK);
        this.workspace = new DeviceWorkspace(pool);
        this.launcher = new Launcher(gpu);
        this.linear = new CudaLinear(launcher, weights, workspace, memory);
        this.tablePages = tablePages;
        this.inputs = new PassInputs(gpu, memory, PassInputs.decodeInts(sequences, tablePages));
        this.attention = new CudaAttention(launcher, workspace, inputs, rounded);
        this.mixture = new CudaMixture(launcher, this, weights, workspace);
        this.lowRank = new CudaLowRank(launcher, weights, workspace, memory);
    }

    /**
     * Takes back all results and brings over what a pass reads.
     *
     * @param rows those that are wanted at its end
     * @param chosen for each row its place among the parts of a low-rank addition; empty if there is none
     */
    public void begin(Batch batch, int[] rows, int[] chosen) {
        workspace.reset();
        inputs.bring(batch, rows, chosen, tablePages, workspace);
    }

    /** Where results lie, for what is computed beside these ops. */
    public DeviceWorkspace workspace() {
        return workspace;
    }

    public Launcher launcher() {
        return launcher;
    }

    /** Bytes that such ops come to hold at least, a piece of decoded weights among them. */
    public static long leastBytes() {
        return DeviceWorkspace.SLAB_BYTES + LinearPlan.PIECE_BYTES;
    }

    /** Bytes of the device's memory held beside weights and cache. */
    public long bytes() {
        return memory.bytes() + workspace.bytes();
    }

    /** Copies a tensor of the host, as activations. */
    public Tensor toDevice(Tensor host) {
        Shapes.check(host.dtype() == DType.F32, () -> "activations are F32, not " + host);
        Tensor out = workspace.tensor(host.rows(), host.cols());
        gpu.upload(host.address(), out.address(), 4 * host.size());
        gpu.synchronize();
        return out;
    }

    /** Waits for activations and copies them. */
    public void toHost(Tensor device, long to) {
        gpu.download(device.address(), to, 4 * device.size());
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        Shapes.embedding(table, ids);
        StoredWeight stored = weights.of(table);
        Tensor out = workspace.tensor(ids.length, table.cols());
        long device = ints(ids);
        stored.first(launcher.arguments()).put(device).put(table.cols()).put(out.address());
        launcher.launch("embedding", "embedding_" + stored.format(), Grid.rows(ids.length, table.cols()));
        return out;
    }

    /** Where integers lie on the device, of a pass or brought over now. */
    public long ints(int[] values) {
        long known = inputs.find(values);
        if (known != 0) {
            return known;
        }
        long address = workspace.allocate(4L * values.length);
        PassInputs.upload(gpu, values, address);
        return address;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Shapes.linear(x, weight, bias);
        return linear.linear(x, weight, bias);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        int width = weight.cols();
        Shapes.norm("rmsNorm", x, weight, null);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long by = weights.of(weight).address();
        launcher.none().put(x.address()).put(by).put(epsilon).put(width).put(out.address());
        launcher.launch("norm", "rms_norm", Grid.rows(Math.toIntExact(x.size() / width), width));
        return out;
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        int width = weight.cols();
        Shapes.norm("layerNorm", x, weight, bias);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        launcher.none().put(x.address()).put(weights.of(weight).address());
        launcher.arguments()
                .put(bias == null ? 0L : weights.of(bias).address())
                .put(epsilon)
                .put(width)
                .put(out.address());
        launcher.launch("norm", "layer_norm", Grid.rows(Math.toIntExact(x.size() / width), width));
        return out;
    }

    @Override
    public Sum addNorm(Tensor a, Tensor b, Tensor weight, float epsilon) {
        int width = weight.cols();
        Shapes.same("add", a, b);
        Shapes.norm("rmsNorm", a, weight, null);
        Tensor sum = workspace.tensor(a.rows(), a.cols());
        Tensor norm = workspace.tensor(a.rows(), a.cols());
        long by = weights.of(weight).address();
        launcher.none().put(a.address()).put(b.address()).put(by).put(epsilon).put(width);
        launcher.arguments().put(sum.address()).put(norm.address());
        launcher.launch("norm", "add_rms_norm", Grid.rows(Math.toIntExact(a.size() / width), width));
        return new Sum(sum, norm);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        Shapes.rope(x, positions, table);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long angles = weights.of(table);
        long device = ints(positions);
        launcher.none().put(x.address()).put(device).put(angles).put(table.pairs());
        launcher.arguments().put(table.headSize()).put(x.cols()).put(out.address());
        launcher.launch("rope", "rope", Grid.rows(x.rows(), x.cols()));
        return out;
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention shape, int layer, Batch batch) {
        Shapes.attention(q, k, v, shape, batch);
        Shapes.check(
                batch.cache() == null || batch.cache() instanceof CudaKvCache,
                () -> "attention on a CUDA device over a cache that is elsewhere");
        Shapes.check(
                batch.cache() != null || batch.spans().stream().allMatch(span -> span.past() == 0),
                () -> "sequences that begin alike share no rows on a CUDA device");
        if (inputs.batch() != batch) {
            inputs.bring(batch, new int[0], new int[0], tablePages, workspace);
        }
        return attention.attention(q, k, v, shape, layer, (CudaKvCache) batch.cache());
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return combined("swiglu", "swiglu", gate, up);
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        Tensor out = workspace.tensor(x.rows(), x.cols());
        launcher.none().put(x.address()).put(x.size()).put(out.address());
        launcher.launch("elementwise", form == Gelu.ERF ? "gelu_erf" : "gelu_tanh", Grid.elements(x.size()));
        return out;
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return combined("geglu", form == Gelu.ERF ? "geglu_erf" : "geglu_tanh", gate, up);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return combined("add", "add", a, b);
    }

    private Tensor combined(String op, String kernel, Tensor a, Tensor b) {
        Shapes.same(op, a, b);
        Tensor out = workspace.tensor(a.rows(), a.cols());
        launcher.none().put(a.address()).put(b.address()).put(a.size()).put(out.address());
        launcher.launch("elementwise", kernel, Grid.elements(a.size()));
        return out;
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        Shapes.columns(x, factors, bias);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        launcher.none().put(x.address()).put(weights.of(factors).address());
        launcher.arguments()
                .put(bias == null ? 0L : weights.of(bias).address())
                .put(x.cols())
                .put(x.size())
                .put(out.address());
        launcher.launch("elementwise", "columns", Grid.elements(x.size()));
        return out;
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return changed("scale", x, factor);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return changed("soft_cap", x, cap);
    }

    private Tensor changed(String kernel, Tensor x, float by) {
        Tensor out = workspace.tensor(x.rows(), x.cols());
        launcher.none().put(x.address()).put(by).put(x.size()).put(out.address());
        launcher.launch("elementwise", kernel, Grid.elements(x.size()));
        return out;
    }

    /** Adds to what a linear layer made, as a {@link LowRank.Adder}. */
    public void addLowRank(Tensor x, Tensor y, int[] chosen, List<LowRank> parts) {
        Shapes.check(
                x.rows() == y.rows() && x.rows() == chosen.length,
                () -> "parts of " + chosen.length + " rows, input " + x + ", output " + y);
        lowRank.add(x, y, ints(chosen), parts);
    }

    /** Matrices of parts were added or taken away. */
    public void lowRankChanged() {
        lowRank.changed();
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        Shapes.rows(x, rows);
        Tensor out = workspace.tensor(rows.length, x.cols());
        if (rows.length == 0) {
            return out;
        }
        long device = ints(rows);
        launcher.none().put(x.address()).put(device).put(x.cols()).put(out.address());
        launcher.launch("elementwise", "rows", Grid.rows(rows.length, x.cols()));
        return out;
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        Shapes.means(x, spans);
        int[] ends = new int[spans.size()];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = spans.get(i).row() + spans.get(i).rows();
        }
        Tensor out = workspace.tensor(ends.length, x.cols());
        launcher.none().put(x.address()).put(ints(ends)).put(x.cols()).put(out.address());
        launcher.launch("elementwise", "means", Grid.rows(ends.length, x.cols()));
        return out;
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        Shapes.mixture(x, router, experts, top);
        return mixture.mixture(x, router, experts, top, normalized);
    }

    @Override
    public void close() {
        gpu.synchronize();
        workspace.close();
        memory.close();
        launcher.close();
    }
}
