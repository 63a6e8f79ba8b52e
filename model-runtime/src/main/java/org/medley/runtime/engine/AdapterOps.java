package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** A pass whose rows go through different adapters: linear layers run once for all, then each adapter's rows get more. */
final class AdapterOps implements Ops {
    /** {@code y += factor · x}, in place, where the activations lie. */
    interface Accumulate {
        void run(float factor, Tensor x, Tensor y);
    }

    private final Ops base;
    private final Accumulate accumulate;
    private final Map<String, Adapter> adapters;
    /** For each row of the activations that come now. */
    private String[] names;

    AdapterOps(Ops base, Accumulate accumulate, Map<String, Adapter> adapters, List<Batch.Span> spans, int rows) {
        this.base = base;
        this.accumulate = accumulate;
        this.adapters = adapters;
        this.names = new String[rows];
        for (Batch.Span span : spans) {
            Arrays.fill(names, span.row(), span.row() + span.rows(), span.adapter());
        }
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Tensor y = base.linear(x, weight, bias);
        int from = 0;
        while (from < names.length) {
            int to = from + 1;
            while (to < names.length && Objects.equals(names[to], names[from])) {
                to++;
            }
            Adapter adapter = names[from] == null ? null : adapters.get(names[from]);
            Adapter.Delta delta = adapter == null ? null : adapter.of(weight);
            if (delta != null) {
                Tensor low = base.linear(x.slice(from, to - from), delta.a(), null);
                Tensor more = base.linear(low, delta.b(), null);
                accumulate.run(delta.scale(), more, y.slice(from, to - from));
            }
            from = to;
        }
        return y;
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        names = Arrays.stream(rows).mapToObj(row -> names[row]).toArray(String[]::new);
        return base.rows(x, rows);
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return base.embedding(table, ids);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return base.rmsNorm(x, weight, epsilon);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return base.rope(x, positions, table);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return base.attention(q, k, v, attention, layer, batch);
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return base.swiglu(gate, up);
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up) {
        return base.geglu(gate, up);
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return base.scale(x, factor);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return base.softCap(x, cap);
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        return base.mixture(x, router, experts, top, normalized);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return base.add(a, b);
    }
}
