package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
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
    private final Arguments arguments;
    private final CudaLinear linear;
    private final CudaAttention attention;

    /**
     * @param tablePages pages that a sequence may have
     * @param sequences that may be in a pass that is recorded
     */
    public CudaOps(DevicePool pool, CudaWeights weights, int tablePages, int sequences) {
        this.gpu = pool.gpu();
        this.weights = weights;
        this.memory = new DeviceMemory(pool, DevicePool.WORK);
        this.workspace = new DeviceWorkspace(pool);
        this.launcher = new Launcher(gpu);
        this.arguments = launcher.arguments();
        this.linear = new CudaLinear(launcher, weights, workspace);
        this.tablePages = tablePages;
        this.inputs = new PassInputs(gpu, memory, PassInputs.decodeInts(sequences, tablePages));
        this.attention = new CudaAttention(launcher, workspace, inputs);
    }

    /** Takes back all results and brings over what a pass reads. */
    public void begin(Batch batch, int[] rows) {
        workspace.reset();
        inputs.bring(batch, rows, tablePages, workspace);
    }

    /** Bytes that such ops and a sampler hold at least. */
    public static long leastBytes() {
        return 2 * DeviceWorkspace.SLAB_BYTES;
    }

    /** Bytes of the device's memory held beside weights and cache. */
    public long bytes() {
        return memory.bytes() + workspace.bytes();
    }

    /** Copies a tensor of the host, as activations. */
    public Tensor toDevice(Tensor host) {
        check(host.dtype() == DType.F32, () -> "activations are F32, not " + host);
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
        for (int id : ids) {
            check(id >= 0 && id < table.rows(), () -> "token id " + id + " is outside " + table);
        }
        StoredWeight stored = weights.of(table);
        Tensor out = workspace.tensor(ids.length, table.cols());
        long device = ints(ids);
        stored.first(arguments).put(device).put(table.cols()).put(out.address());
        launch("embedding", "embedding_" + stored.format(), Grid.rows(ids.length, table.cols()));
        return out;
    }

    private long ints(int[] values) {
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
        check(x.cols() == weight.cols(), () -> "linear: input " + x + " does not fit weight " + weight);
        check(
                bias == null || bias.size() == weight.rows(),
                () -> "linear: bias " + bias + " does not fit weight " + weight);
        return linear.linear(x, weight, bias);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        int width = weight.cols();
        check(x.cols() % width == 0, () -> "rmsNorm: input " + x + " is no multiple of weight " + weight);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long by = weights.of(weight).address();
        arguments.none().put(x.address()).put(by).put(epsilon).put(width).put(out.address());
        launch("norm", "rms_norm", Grid.rows(Math.toIntExact(x.size() / width), width));
        return out;
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        int width = weight.cols();
        check(x.cols() % width == 0, () -> "layerNorm: input " + x + " is no multiple of weight " + weight);
        check(bias == null || bias.size() == width, () -> "layerNorm: bias " + bias + " does not fit " + weight);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        arguments.none().put(x.address()).put(weights.of(weight).address());
        arguments
                .put(bias == null ? 0L : weights.of(bias).address())
                .put(epsilon)
                .put(width)
                .put(out.address());
        launch("norm", "layer_norm", Grid.rows(Math.toIntExact(x.size() / width), width));
        return out;
    }

    @Override
    public Sum addNorm(Tensor a, Tensor b, Tensor weight, float epsilon) {
        int width = weight.cols();
        check(Arrays.equals(a.shape(), b.shape()), () -> "add: " + a + " and " + b + " differ");
        check(a.cols() % width == 0, () -> "rmsNorm: input " + a + " is no multiple of weight " + weight);
        Tensor sum = workspace.tensor(a.rows(), a.cols());
        Tensor norm = workspace.tensor(a.rows(), a.cols());
        long by = weights.of(weight).address();
        arguments.none().put(a.address()).put(b.address()).put(by).put(epsilon).put(width);
        arguments.put(sum.address()).put(norm.address());
        launch("norm", "add_rms_norm", Grid.rows(Math.toIntExact(a.size() / width), width));
        return new Sum(sum, norm);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        check(
                x.cols() % table.headSize() == 0 && positions.length == x.rows(),
                () -> "rope: input " + x + " does not fit heads of " + table.headSize() + " and " + positions.length
                        + " positions");
        for (int position : positions) {
            check(
                    position >= 0 && position < table.positions(),
                    () -> "position " + position + " is outside the context of " + table.positions());
        }
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long angles = weights.of(table);
        long device = ints(positions);
        arguments.none().put(x.address()).put(device).put(angles).put(table.pairs());
        arguments.put(table.headSize()).put(x.cols()).put(out.address());
        launch("rope", "rope", Grid.rows(x.rows(), x.cols()));
        return out;
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention shape, int layer, Batch batch) {
        Heads heads = shape.heads();
        int width = heads.kv() * heads.size();
        check(
                q.cols() == heads.count() * heads.size()
                        && k.cols() == width
                        && Arrays.equals(k.shape(), v.shape())
                        && q.rows() == batch.rows()
                        && k.rows() == batch.rows(),
                () -> "attention: q " + q + ", k " + k + ", v " + v + " do not fit " + heads + " over " + batch.rows()
                        + " rows");
        check(
                batch.cache() == null || batch.cache() instanceof CudaKvCache,
                () -> "attention on a CUDA device over a cache that is elsewhere");
        check(batch.cache() == null || shape.causal(), () -> "attention over a cache is causal");
        if (inputs.batch() != batch) {
            inputs.bring(batch, new int[0], tablePages, workspace);
        }
        return attention.attention(q, k, v, shape, layer, (CudaKvCache) batch.cache());
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return gated("swiglu", gate, up);
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        Tensor out = workspace.tensor(x.rows(), x.cols());
        arguments.none().put(x.address()).put(x.size()).put(out.address());
        launch("elementwise", form == Gelu.ERF ? "gelu_erf" : "gelu_tanh", Grid.elements(x.size()));
        return out;
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return gated(form == Gelu.ERF ? "geglu_erf" : "geglu_tanh", gate, up);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return gated("add", a, b);
    }

    private Tensor gated(String kernel, Tensor a, Tensor b) {
        check(Arrays.equals(a.shape(), b.shape()), () -> kernel + ": " + a + " and " + b + " differ");
        Tensor out = workspace.tensor(a.rows(), a.cols());
        arguments.none().put(a.address()).put(b.address()).put(a.size()).put(out.address());
        launch("elementwise", kernel, Grid.elements(a.size()));
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
        arguments.none().put(x.address()).put(by).put(x.size()).put(out.address());
        launch("elementwise", kernel, Grid.elements(x.size()));
        return out;
    }

    /** {@code y += factor * x}, in place. */
    public void accumulate(float factor, Tensor x, Tensor y) {
        check(x.size() == y.size(), () -> "accumulate: " + x + " and " + y + " differ");
        arguments.none().put(factor).put(x.address()).put(x.size()).put(y.address());
        launch("elementwise", "axpy", Grid.elements(x.size()));
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        for (int row : rows) {
            check(row >= 0 && row < x.rows(), () -> "row " + row + " is outside " + x);
        }
        Tensor out = workspace.tensor(rows.length, x.cols());
        if (rows.length == 0) {
            return out;
        }
        long device = ints(rows);
        arguments.none().put(x.address()).put(device).put(x.cols()).put(out.address());
        launch("elementwise", "rows", Grid.rows(rows.length, x.cols()));
        return out;
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        int[] ends = new int[spans.size()];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = spans.get(i).row() + spans.get(i).rows();
            check(ends[i] <= x.rows(), () -> "means: spans " + spans + " are outside " + x);
        }
        Tensor out = workspace.tensor(ends.length, x.cols());
        arguments.none().put(x.address()).put(ints(ends)).put(x.cols()).put(out.address());
        launch("elementwise", "means", Grid.rows(ends.length, x.cols()));
        return out;
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        check(
                router.rows() == experts.size() && top >= 1 && top <= experts.size(),
                () -> "mixture: " + top + " of " + experts.size() + " experts, router " + router);
        Tensor scores = linear(x, router, null);
        int choices = x.rows() * top;
        long chosen = workspace.allocate(4L * choices);
        long shares = workspace.allocate(4L * choices);
        arguments.none().put(scores.address()).put(experts.size()).put(top).put(normalized ? 1 : 0);
        arguments.put(chosen).put(shares);
        launch("mixture", "route", new Grid(x.rows(), 1, 1, 32, 4 * experts.size()));
        return x.rows() <= FEW_ROWS ? each(x, experts, top, chosen, shares) : together(x, experts, top, chosen, shares);
    }

    /** Every choice is a product by itself, without the host knowing what was chosen. */
    private Tensor each(Tensor x, List<Expert> experts, int top, long chosen, long shares) {
        CudaWeights.Mixture mixture = weights.of(experts);
        int choices = x.rows() * top;
        Tensor gate = chosen(mixture, 0, mixture.gate(), choices, chosen, x, top);
        Tensor up = chosen(mixture, 1, mixture.up(), choices, chosen, x, top);
        Tensor down = chosen(mixture, 2, mixture.down(), choices, chosen, swiglu(gate, up), 1);
        Tensor out = workspace.tensor(x.rows(), down.cols());
        arguments
                .none()
                .put(down.address())
                .put(shares)
                .put(top)
                .put(down.cols())
                .put(out.address());
        launch("mixture", "weighted_sum", Grid.rows(x.rows(), down.cols()));
        return out;
    }

    private Tensor chosen(
            CudaWeights.Mixture mixture, int part, StoredWeight weight, int choices, long chosen, Tensor x, int share) {
        Tensor out = workspace.tensor(choices, weight.rows());
        weight.first(arguments, mixture.addresses(part), mixture.factors(part, weight));
        arguments
                .put(chosen)
                .put(x.address())
                .put(share)
                .put(weight.rows())
                .put(weight.cols())
                .put(out.address());
        Grid grid = new Grid(Math.ceilDiv(weight.rows(), LinearPlan.WARPS), choices, 1, 32 * LinearPlan.WARPS, 0);
        launch("gemv", "chosen_gemv_" + weight.format(), grid);
        return out;
    }

    /** Expert after expert over the rows that chose it, which the host sorts out. */
    private Tensor together(Tensor x, List<Expert> experts, int top, long chosen, long shares) {
        int choices = x.rows() * top;
        Tensor out = workspace.tensor(x.rows(), x.cols());
        gpu.zero(out.address(), 4 * out.size());
        int[] expert = new int[choices];
        int[] share = new int[choices];
        try (Arena host = Arena.ofConfined()) {
            long at = host.allocate(8L * choices, 8).address();
            gpu.download(chosen, at, 4L * choices);
            gpu.download(shares, at + 4L * choices, 4L * choices);
            for (int i = 0; i < choices; i++) {
                expert[i] = Memory.i32(at + 4L * i);
                share[i] = Memory.i32(at + 4L * (choices + i));
            }
        }
        for (int e = 0; e < experts.size(); e++) {
            List<Integer> mine = new ArrayList<>();
            for (int i = 0; i < choices; i++) {
                if (expert[i] == e) {
                    mine.add(i);
                }
            }
            if (mine.isEmpty()) {
                continue;
            }
            int[] rows = mine.stream().mapToInt(i -> i / top).toArray();
            Expert w = experts.get(e);
            Tensor in = rows(x, rows);
            Tensor y = linear(swiglu(linear(in, w.gate(), null), linear(in, w.up(), null)), w.down(), null);
            long to = ints(rows);
            long by = ints(mine.stream().mapToInt(i -> share[i]).toArray());
            arguments.none().put(y.address()).put(to).put(by).put(y.cols()).put(out.address());
            launch("mixture", "scatter_add", Grid.rows(rows.length, y.cols()));
        }
        return out;
    }

    private void launch(String file, String kernel, Grid grid) {
        launcher.launch(file, kernel, grid);
    }

    private static void check(boolean holds, Supplier<String> otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise.get());
        }
    }

    @Override
    public void close() {
        gpu.synchronize();
        workspace.close();
        memory.close();
        launcher.close();
    }
}
