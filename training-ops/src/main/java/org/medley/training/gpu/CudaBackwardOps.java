package org.medley.training.gpu;

import java.util.List;
import java.util.Locale;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.training.autograd.BackwardOps;

/**
 * {@link BackwardOps} on a CUDA device. Every sum has one order, whatever else runs: none is gathered by atomic additions,
 * so that a resumed run repeats bit for bit. Weights go by the host's tensors; everything else lies on the device.
 */
final class CudaBackwardOps implements BackwardOps {
    /** Most parts that a sum over rows is cut into, and the least rows of one. */
    private static final int MOST_PARTS = 512;

    private static final int LEAST_ROWS = 32;
    private static final int THREADS = 256;

    private final CudaOps ops;
    private final Launcher launcher;
    private final Gpu gpu;
    private final CudaWeights weights;
    private final DeviceWorkspace workspace;
    private final LinearLayers linears;
    private final AttentionBack attention;
    private final Uploads uploads;

    /**
     * @param ops which ran forward
     * @param rounded whether attention may multiply BF16
     */
    CudaBackwardOps(CudaOps ops, CudaWeights weights, LinearLayers linears, DeviceMemory memory, boolean rounded) {
        this.ops = ops;
        this.launcher = ops.launcher();
        this.gpu = launcher.gpu();
        this.weights = weights;
        this.workspace = ops.workspace();
        this.linears = linears;
        this.attention = new AttentionBack(launcher, memory, workspace, rounded);
        this.uploads = new Uploads(gpu, workspace);
    }

    @Override
    public int logitsAtOnce() {
        return GpuDevice.LOGITS_AT_ONCE;
    }

    @Override
    public Tensor tensor(int rows, int cols) {
        return workspace.tensor(rows, cols);
    }

    @Override
    public Tensor zeros(int rows, int cols) {
        Tensor tensor = workspace.tensor(rows, cols);
        gpu.zero(tensor.address(), 4 * tensor.size());
        return tensor;
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        gpu.copy(from.address(), to.address(), 4 * from.size());
    }

    @Override
    public float[] read(Tensor x) {
        return uploads.read(x.address(), x.size());
    }

    @Override
    public void write(float[] values, Tensor x) {
        Uploads.put(gpu, values, x.address());
    }

    @Override
    public void within(Runnable work) {
        DeviceWorkspace.Mark mark = workspace.mark();
        work.run();
        workspace.release(mark);
        linears.forget();
    }

    @Override
    public void embedding(int[] ids, Tensor dy, Tensor dTable) {
        addGrouped(dy, ids, null, dTable);
    }

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {
        addGrouped(dy, rows, null, dx);
    }

    @Override
    public void addRows(Tensor y, int[] rows, float[] weights, Tensor out) {
        addGrouped(y, rows, weights, out);
    }

    private void addGrouped(Tensor y, int[] into, float[] factors, Tensor out) {
        if (into.length == 0) {
            return;
        }
        Grouped grouped = Grouped.by(into);
        DeviceWorkspace.Mark mark = workspace.mark();
        long order = uploads.ints(grouped.order());
        long starts = uploads.ints(grouped.starts());
        long targets = uploads.ints(grouped.targets());
        long by = factors == null ? 0 : uploads.floats(factors);
        launcher.none().put(y.address()).put(order).put(starts).put(targets).put(by);
        launcher.arguments().put(y.cols()).put(out.address());
        int pieces = Math.ceilDiv(y.cols(), THREADS);
        launcher.launch("rows_back", "add_rows", new Grid(grouped.targets().length, pieces, 1, THREADS, 0));
        workspace.release(mark);
    }

    @Override
    public float[] weightedRows(Tensor y, int[] rows, float[] weights, Tensor dOut, Tensor dy) {
        if (rows.length == 0) {
            return new float[0];
        }
        DeviceWorkspace.Mark mark = workspace.mark();
        long targets = uploads.ints(rows);
        long factors = uploads.floats(weights);
        long found = workspace.allocate(4L * rows.length);
        launcher.none().put(y.address()).put(targets).put(factors).put(dOut.address());
        launcher.arguments().put(y.cols()).put(found).put(address(dy));
        launcher.launch("rows_back", "weighted_rows", Grid.rows(rows.length, y.cols()));
        float[] dWeights = uploads.read(found, rows.length);
        workspace.release(mark);
        return dWeights;
    }

    private static long address(Tensor orNone) {
        return orNone == null ? 0 : orNone.address();
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        Products products = linears.of(weight);
        products.begin();
        if (dx != null) {
            products.toInput(dy, weight, dx);
        }
        if (dWeight != null) {
            products.toWeight(x, weight, dy, dWeight);
        }
        if (dBias != null) {
            sumRows(dy, 0, 0, 0, dy.rows(), dy.cols(), dBias);
        }
    }

    /** {@code out += Σ over rows of a · (b − shift) · factor}; what has address 0 is left out. */
    private void sumRows(Tensor a, long b, long shifts, long factors, int rows, int cols, Tensor out) {
        int together = Math.max(LEAST_ROWS, Math.ceilDiv(rows, MOST_PARTS));
        int parts = Math.ceilDiv(rows, together);
        DeviceWorkspace.Mark mark = workspace.mark();
        long partial = workspace.allocate(4L * parts * cols);
        int threads = Math.min(THREADS, Math.ceilDiv(cols, 32) * 32);
        int across = Math.ceilDiv(cols, threads);
        launcher.none().put(a.address()).put(b).put(shifts).put(factors);
        launcher.arguments().put(rows).put(cols).put(together).put(partial);
        launcher.launch("column_sums", "sum_rows", new Grid(across, parts, 1, threads, 0));
        launcher.none().put(partial).put(parts).put(cols).put(out.address());
        launcher.launch("column_sums", "add_partial", Grid.of(across, threads));
        workspace.release(mark);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight) {
        int width = weight.cols();
        int groups = Math.toIntExact(x.size() / width);
        DeviceWorkspace.Mark mark = workspace.mark();
        long factors = workspace.allocate(4L * groups);
        launcher.none()
                .put(x.address())
                .put(weights.address(weight))
                .put(epsilon)
                .put(width);
        launcher.arguments().put(dy.address()).put(address(dx)).put(factors);
        launcher.launch("norm_back", "rms_norm_back", Grid.rows(groups, width));
        if (dWeight != null) {
            sumRows(dy, x.address(), 0, factors, groups, width, dWeight);
        }
        workspace.release(mark);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        int width = weight.cols();
        int groups = Math.toIntExact(x.size() / width);
        DeviceWorkspace.Mark mark = workspace.mark();
        long factors = workspace.allocate(4L * groups);
        long means = workspace.allocate(4L * groups);
        launcher.none()
                .put(x.address())
                .put(weights.address(weight))
                .put(epsilon)
                .put(width);
        launcher.arguments().put(dy.address()).put(address(dx)).put(factors).put(means);
        launcher.launch("norm_back", "layer_norm_back", Grid.rows(groups, width));
        if (dWeight != null) {
            sumRows(dy, x.address(), means, factors, groups, width, dWeight);
        }
        if (dBias != null) {
            sumRows(dy, 0, 0, 0, groups, width, dBias);
        }
        workspace.release(mark);
    }

    @Override
    public void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx) {
        DeviceWorkspace.Mark mark = workspace.mark();
        long places = ops.ints(positions);
        launcher.none().put(dy.address()).put(places).put(weights.of(table)).put(table.pairs());
        launcher.arguments().put(table.headSize()).put(dy.cols()).put(dx.address());
        launcher.launch("rope_back", "rope_back", Grid.rows(dy.rows(), dy.cols()));
        workspace.release(mark);
    }

    @Override
    public void attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Attention shape,
            Batch batch,
            Tensor y,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        if (batch.cache() != null) {
            throw new IllegalArgumentException("training runs without a cache of earlier tokens");
        }
        attention.attention(q, k, v, shape, batch, y, dy, dq, dk, dv);
    }

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        gated("swiglu_back", gate, up, dy, dGate, dUp);
    }

    @Override
    public void geglu(Tensor gate, Tensor up, Gelu form, Tensor dy, Tensor dGate, Tensor dUp) {
        gated("geglu_" + form.name().toLowerCase(Locale.ROOT) + "_back", gate, up, dy, dGate, dUp);
    }

    private void gated(String kernel, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        launcher.none().put(gate.address()).put(up.address()).put(dy.address()).put(gate.size());
        launcher.arguments().put(dGate.address()).put(dUp.address());
        launcher.launch("elementwise_back", kernel, Grid.elements(gate.size()));
    }

    @Override
    public void gelu(Tensor x, Gelu form, Tensor dy, Tensor dx) {
        launcher.none().put(x.address()).put(dy.address()).put(x.size()).put(dx.address());
        String kernel = "gelu_" + form.name().toLowerCase(Locale.ROOT) + "_back";
        launcher.launch("elementwise_back", kernel, Grid.elements(x.size()));
    }

    @Override
    public void columns(Tensor x, Tensor factors, Tensor dy, Tensor dx, Tensor dFactors, Tensor dBias) {
        if (dx != null) {
            launcher.none().put(weights.address(factors)).put(dy.address()).put(x.cols());
            launcher.arguments().put(x.size()).put(dx.address());
            launcher.launch("elementwise_back", "columns_back", Grid.elements(x.size()));
        }
        if (dFactors != null) {
            sumRows(dy, x.address(), 0, 0, x.rows(), x.cols(), dFactors);
        }
        if (dBias != null) {
            sumRows(dy, 0, 0, 0, x.rows(), x.cols(), dBias);
        }
    }

    @Override
    public void scale(float factor, Tensor dy, Tensor dx) {
        launcher.none().put(dy.address()).put(factor).put(dy.size()).put(dx.address());
        launcher.launch("elementwise_back", "add_scaled", Grid.elements(dy.size()));
    }

    @Override
    public void softCap(Tensor y, float cap, Tensor dy, Tensor dx) {
        launcher.none()
                .put(y.address())
                .put(cap)
                .put(dy.address())
                .put(y.size())
                .put(dx.address());
        launcher.launch("elementwise_back", "soft_cap_back", Grid.elements(y.size()));
    }

    @Override
    public void means(List<Batch.Span> spans, Tensor dy, Tensor dx) {
        int[] ends = spans.stream().mapToInt(span -> span.row() + span.rows()).toArray();
        DeviceWorkspace.Mark mark = workspace.mark();
        launcher.none().put(dy.address()).put(uploads.ints(ends)).put(dy.cols()).put(dx.address());
        launcher.launch("rows_back", "means_back", Grid.rows(ends.length, dy.cols()));
        workspace.release(mark);
    }

    @Override
    public float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits) {
        if (targets.length == 0) {
            return new float[0];
        }
        DeviceWorkspace.Mark mark = workspace.mark();
        long classes = uploads.ints(targets);
        long factors = weights == null ? 0 : uploads.floats(weights);
        long losses = workspace.allocate(4L * targets.length);
        launcher.none().put(logits.address()).put(classes).put(factors).put(logits.cols());
        launcher.arguments().put(losses).put(weights == null ? 0 : address(dLogits));
        launcher.launch("cross_entropy", "cross_entropy", Grid.rows(targets.length, logits.cols()));
        float[] found = uploads.read(losses, targets.length);
        workspace.release(mark);
        return found;
    }
}
