package org.medley.runtime.tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.medley.runtime.tensor.kernel.AttentionKernel;
import org.medley.runtime.tensor.kernel.GeluKernel;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.KeyValues;
import org.medley.runtime.tensor.kernel.PagedAttention;
import org.medley.runtime.tensor.kernel.Panels;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Workers;

/** {@link Ops} on the CPU by Vector API kernels. Results live in the workspace given; one thread at a time. */
public final class CpuOps implements Ops {
    private static final int ELEMENT_GRAIN = 16_384;

    private final Workspace workspace;
    private final CpuWeights weights;

    /** For weights that change: nothing is laid out in advance. */
    public CpuOps(Workspace workspace) {
        this(workspace, new CpuWeights());
    }

    public CpuOps(Workspace workspace, CpuWeights weights) {
        this.workspace = workspace;
        this.weights = weights;
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        Shapes.embedding(table, ids);
        Tensor out = workspace.tensor(ids.length, table.cols());
        long rowBytes = table.dtype().bytes(table.cols());
        for (int i = 0; i < ids.length; i++) {
            int id = ids[i];
            if (table.dtype() == DType.F32) {
                MemorySegment.copy(Memory.ALL, table.address() + id * rowBytes, Memory.ALL, out.row(i), rowBytes);
            } else {
                long first = (long) id * table.cols();
                for (int j = 0; j < table.cols(); j++) {
                    Memory.f32(out.row(i) + 4L * j, table.get(first + j));
                }
            }
        }
        return out;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        int n = weight.rows();
        int k = weight.cols();
        Shapes.linear(x, weight, bias);
        int m = x.rows();
        Tensor out = workspace.tensor(m, n);
        Panels panels = weights.panels(weight);
        if (panels != null) {
            Gemm.linear(m, x.address(), panels, out.address());
        } else {
            Shapes.check(
                    weight.dtype() == DType.F32, () -> "linear: weight " + weight + " is not laid out for the CPU");
            Matrix transposed = Matrix.rowMajor(weight.address(), k).transposed();
            Gemm.parallel(m, n, k, Matrix.rowMajor(x.address(), k), transposed, out.address(), n, false);
        }
        if (bias != null) {
            for (int i = 0; i < m; i++) {
                RowKernels.add(out.row(i), bias.address(), out.row(i), 0, n);
            }
        }
        return out;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        int width = weight.cols();
        Shapes.norm("rmsNorm", x, weight, null);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        int groups = Math.toIntExact(x.size() / width);
        Workers.ranges(
                groups,
                ELEMENT_GRAIN / width,
                (from, to) ->
                        RowKernels.rmsNorm(x.address(), weight.address(), epsilon, width, out.address(), from, to));
        return out;
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        int width = weight.cols();
        Shapes.norm("layerNorm", x, weight, bias);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long offset = bias == null ? 0 : bias.address();
        Workers.ranges(
                Math.toIntExact(x.size() / width),
                ELEMENT_GRAIN / width,
                (from, to) -> RowKernels.layerNorm(
                        x.address(), weight.address(), offset, epsilon, width, out.address(), from, to));
        return out;
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        Shapes.rope(x, positions, table);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        Workers.ranges(
                x.rows(),
                ELEMENT_GRAIN / x.cols(),
                (from, to) -> RowKernels.rope(x.address(), positions, table, x.cols(), 1, out.address(), from, to));
        return out;
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        Shapes.attention(q, k, v, attention, batch);
        Tensor out = workspace.tensor(q.rows(), q.cols());
        if (batch.cache() != null) {
            Shapes.check(batch.cache() instanceof KvPool, () -> "attention on the CPU over a cache that is elsewhere");
            paged(q, k, v, attention, layer, batch, (KvPool) batch.cache(), out);
        } else {
            whole(q, k, v, attention, batch, out);
        }
        return out;
    }

    private static void paged(
            Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch, KvPool cache, Tensor out) {
        Heads heads = attention.heads();
        int group = heads.count() / heads.kv();
        for (Batch.Span span : batch.spans()) {
            for (int i = 0; i < span.rows(); i++) {
                int at = span.past() + i;
                int page = span.pages()[at / KvPool.PAGE];
                cache.write(layer, page, at % KvPool.PAGE, k.row(span.row() + i), v.row(span.row() + i));
            }
        }
        Workers.run(batch.spans().size() * heads.kv(), task -> {
            Batch.Span span = batch.spans().get(task / heads.kv());
            int kvHead = task % heads.kv();
            long offset = 4L * kvHead * group * heads.size();
            PagedAttention.forward(
                    attention,
                    cache,
                    layer,
                    kvHead,
                    span,
                    q.row(span.row()) + offset,
                    q.cols(),
                    out.row(span.row()) + offset);
        });
    }

    private static void whole(Tensor q, Tensor k, Tensor v, Attention attention, Batch batch, Tensor out) {
        Heads heads = attention.heads();
        int group = heads.count() / heads.kv();
        Workers.run(batch.spans().size() * heads.count(), task -> {
            Batch.Span span = batch.spans().get(task / heads.count());
            int head = task % heads.count();
            long kvOffset = 4L * (head / group) * heads.size();
            long offset = 4L * head * heads.size();
            KeyValues past = KeyValues.of(span, k.address() + kvOffset, v.address() + kvOffset, k.cols(), heads.size());
            AttentionKernel.forward(
                    attention, q.row(span.row()) + offset, q.cols(), past, out.row(span.row()) + offset);
        });
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        Shapes.same("swiglu", gate, up);
        Tensor out = workspace.tensor(gate.rows(), gate.cols());
        Workers.elements(
                gate.size(), (from, to) -> RowKernels.swiglu(gate.address(), up.address(), out.address(), from, to));
        return out;
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        return elementwise(x, (from, to, out) -> GeluKernel.gelu(form, x.address(), 0, out, from, to));
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        Shapes.same("geglu", gate, up);
        return elementwise(gate, (from, to, out) -> GeluKernel.gelu(form, gate.address(), up.address(), out, from, to));
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        Shapes.columns(x, factors, bias);
        Tensor out = workspace.tensor(x.rows(), x.cols());
        long shift = bias == null ? 0 : bias.address();
        Workers.ranges(
                x.rows(),
                Math.max(1, ELEMENT_GRAIN / x.cols()),
                (from, to) ->
                        RowKernels.columns(x.address(), factors.address(), shift, x.cols(), out.address(), from, to));
        return out;
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return elementwise(x, (from, to, out) -> RowKernels.scaled(x.address(), factor, out, from, to));
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return elementwise(x, (from, to, out) -> RowKernels.softCapped(x.address(), cap, out, from, to));
    }

    private interface Elementwise {
        void run(int from, int to, long out);
    }

    private Tensor elementwise(Tensor like, Elementwise body) {
        Tensor out = workspace.tensor(like.rows(), like.cols());
        Workers.elements(like.size(), (from, to) -> body.run(from, to, out.address()));
        return out;
    }

    /** Expert after expert over the rows that chose it: a row's sum has one order, whoever else is in the batch. */
    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        Shapes.mixture(x, router, experts, top);
        Tensor scores = linear(x, router, null);
        Tensor out = workspace.zeros(x.rows(), x.cols());
        float[][] weights = new float[x.rows()][];
        for (int row = 0; row < x.rows(); row++) {
            weights[row] = Routing.weights(scores.slice(row, 1).toArray(), top, normalized);
        }
        for (int e = 0; e < experts.size(); e++) {
            int expert = e;
            int[] chosen = IntStream.range(0, x.rows())
                    .filter(row -> weights[row][expert] > 0)
                    .toArray();
            if (chosen.length == 0) {
                continue;
            }
            Tensor in = rows(x, chosen);
            Expert w = experts.get(expert);
            Tensor y = linear(swiglu(linear(in, w.gate(), null), linear(in, w.up(), null)), w.down(), null);
            for (int i = 0; i < chosen.length; i++) {
                RowKernels.axpy(weights[chosen[i]][expert], y.row(i), out.row(chosen[i]), x.cols());
            }
        }
        return out;
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        Shapes.same("add", a, b);
        Tensor out = workspace.tensor(a.rows(), a.cols());
        Workers.elements(a.size(), (from, to) -> RowKernels.add(a.address(), b.address(), out.address(), from, to));
        return out;
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        Shapes.rows(x, rows);
        Tensor out = workspace.tensor(rows.length, x.cols());
        for (int i = 0; i < rows.length; i++) {
            int row = rows[i];
            MemorySegment.copy(Memory.ALL, x.row(row), Memory.ALL, out.row(i), 4L * x.cols());
        }
        return out;
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        Shapes.means(x, spans);
        Tensor out = workspace.zeros(spans.size(), x.cols());
        for (int i = 0; i < spans.size(); i++) {
            Batch.Span span = spans.get(i);
            for (int row = 0; row < span.rows(); row++) {
                RowKernels.axpy(1f / span.rows(), x.row(span.row() + row), out.row(i), x.cols());
            }
        }
        return out;
    }
}
