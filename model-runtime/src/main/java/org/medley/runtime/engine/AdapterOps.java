package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** A pass whose rows go through different adapters: linear layers run once for all, then each adapter's rows get more. */
final class AdapterOps extends ForwardingOps {
    private final LowRank.Adder adder;
    private final Map<Tensor, List<LowRank>> parts;
    /** For each row of the activations that come now, its adapter among the parts. */
    private int[] chosen;

    AdapterOps(Ops base, LowRank.Adder adder, Map<Tensor, List<LowRank>> parts, int[] chosen) {
        super(base);
        this.adder = adder;
        this.parts = parts;
        this.chosen = chosen;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Tensor y = super.linear(x, weight, bias);
        List<LowRank> added = parts.get(weight);
        if (added != null) {
            adder.add(x, y, chosen, added);
        }
        return y;
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        chosen = Arrays.stream(rows).map(row -> chosen[row]).toArray();
        return super.rows(x, rows);
    }
}
