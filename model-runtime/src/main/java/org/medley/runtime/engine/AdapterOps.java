package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** A pass whose rows go through different adapters: linear layers run once for all, then each adapter's rows get more. */
final class AdapterOps extends ForwardingOps {
    /** {@code y += factor · x}, in place, where the activations lie. */
    interface Accumulate {
        void run(float factor, Tensor x, Tensor y);
    }

    private final Accumulate accumulate;
    private final Map<String, Adapter> adapters;
    /** For each row of the activations that come now. */
    private String[] names;

    AdapterOps(Ops base, Accumulate accumulate, Map<String, Adapter> adapters, List<Batch.Span> spans, int rows) {
        super(base);
        this.accumulate = accumulate;
        this.adapters = adapters;
        this.names = new String[rows];
        for (Batch.Span span : spans) {
            Arrays.fill(names, span.row(), span.row() + span.rows(), span.adapter());
        }
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Tensor y = super.linear(x, weight, bias);
        int from = 0;
        while (from < names.length) {
            int to = from + 1;
            while (to < names.length && Objects.equals(names[to], names[from])) {
                to++;
            }
            Adapter adapter = names[from] == null ? null : adapters.get(names[from]);
            Adapter.Delta delta = adapter == null ? null : adapter.of(weight);
            if (delta != null) {
                Tensor low = super.linear(x.slice(from, to - from), delta.a(), null);
                Tensor more = super.linear(low, delta.b(), null);
                accumulate.run(delta.scale(), more, y.slice(from, to - from));
            }
            from = to;
        }
        return y;
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        names = Arrays.stream(rows).mapToObj(row -> names[row]).toArray(String[]::new);
        return super.rows(x, rows);
    }
}
