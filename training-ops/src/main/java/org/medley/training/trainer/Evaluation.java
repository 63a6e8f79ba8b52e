package org.medley.training.trainer;

import org.medley.runtime.network.Decoder;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Packed;

/** Mean loss per learned token, in nats, over fixed examples that training never sees. */
public final class Evaluation {
    private final Decoder decoder;
    private final Workspace workspace;
    private final HeldOut passes;

    public Evaluation(Decoder decoder, Workspace workspace, HeldOut passes) {
        this.decoder = decoder;
        this.workspace = workspace;
        this.passes = passes;
    }

    public double loss() {
        double sum = 0;
        long count = 0;
        for (Packed pass : passes) {
            workspace.reset();
            Tensor logits = decoder.logits(new CpuOps(workspace), pass.batch(), pass.rows());
            sum += new CpuBackwardOps()
                    .crossEntropy(logits, pass.targets(), 0, workspace.zeros(logits.rows(), logits.cols()));
            count += pass.targets().length;
        }
        return sum / count;
    }
}
