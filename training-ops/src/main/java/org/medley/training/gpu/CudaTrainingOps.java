package org.medley.training.gpu;

import java.util.List;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Shapes;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;

/** A server's ops on a device, but for linear layers: their matrices change with every step, and products are exact. */
final class CudaTrainingOps extends ForwardingOps {
    private final CudaWeights weights;
    private final Launcher launcher;
    private final LinearLayers linears;

    CudaTrainingOps(CudaOps base, CudaWeights weights, LinearLayers linears) {
        super(base);
        this.weights = weights;
        this.launcher = base.launcher();
        this.linears = linears;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Shapes.linear(x, weight, bias);
        Tensor out = linears.of(weight).forward(x, weight);
        if (bias != null) {
            launcher.none().put(weights.address(bias)).put(weight.rows()).put(out.size());
            launcher.arguments().put(out.address());
            launcher.launch("elementwise", "add_bias", Grid.elements(out.size()));
        }
        return out;
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        throw new IllegalArgumentException("mixtures of experts are trained on the processor only");
    }
}
