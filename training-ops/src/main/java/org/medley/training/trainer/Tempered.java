package org.medley.training.trainer;

import java.util.Map;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/**
 * A network whose logits are divided by a temperature, so that its log-probabilities are those of what is drawn from it.
 */
record Tempered(Network base, float temperature) implements Network {
    static Network of(Network base, double temperature) {
        return temperature == 1 ? base : new Tempered(base, (float) temperature);
    }

    @Override
    public Shape shape() {
        return base.shape();
    }

    @Override
    public Tensor hidden(Ops ops, Batch batch) {
        return base.hidden(ops, batch);
    }

    @Override
    public Tensor head(Ops ops, Tensor hidden) {
        return ops.scale(base.head(ops, hidden), 1 / temperature);
    }

    @Override
    public Map<String, Tensor> matrices() {
        return base.matrices();
    }
}
