package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.medley.runtime.bench.Machine;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops.Heads;
import org.medley.runtime.tensor.Tensor;

/**
 * What share of the machine's best rate of matrix products a step's arithmetic comes to (MFU, PaLM report, appendix B).
 * Counted are the products with weights, for every token: forward, by input and, where the weights are trained, by
 * weight; and attention's two products over the tokens seen, three times. What is computed again counts once.
 */
final class Utilization {
    private static final int ATTENTION = 2 * 2 * 3;

    private final double operationsPerToken;
    private final double operationsPerPair;
    private final double peak;

    /** Measures the machine, which takes about a second. */
    Utilization(Network network, JsonNode config, boolean adapted) {
        this(network, config, adapted, Machine.productPeak());
    }

    /** @param peak operations per second */
    Utilization(Network network, JsonNode config, boolean adapted, double peak) {
        double weights = 0;
        for (Map.Entry<String, Tensor> matrix : network.matrices().entrySet()) {
            weights += matrix.getValue().size() * share(matrix.getKey(), config);
        }
        Heads heads = network.shape().heads();
        this.operationsPerToken = weights * 2 * (adapted ? 2 : 3);
        this.operationsPerPair = (double) ATTENTION * network.shape().layers() * heads.count() * heads.size();
        this.peak = peak;
    }

    /** How many of the tokens a matrix multiplies: an expert, those sent to it. */
    private static double share(String name, JsonNode config) {
        if (!name.contains(".experts.")) {
            return 1;
        }
        double experts = config.path("num_experts")
                .asInt(config.path("num_local_experts").asInt(1));
        return config.path("num_experts_per_tok").asInt(1) / experts;
    }

    double operations(List<Batch> batches) {
        double operations = 0;
        for (Batch batch : batches) {
            for (Batch.Span span : batch.spans()) {
                double rows = span.rows();
                operations += rows * operationsPerToken + rows * (span.past() + (rows + 1) / 2) * operationsPerPair;
            }
        }
        return operations;
    }

    /** In [0, 1], of steps that took so long. */
    double of(List<Batch> batches, double seconds) {
        return operations(batches) / seconds / peak;
    }
}
