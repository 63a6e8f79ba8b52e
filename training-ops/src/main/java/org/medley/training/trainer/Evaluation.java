package org.medley.training.trainer;

import java.util.Map;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;
import org.medley.training.data.Packed;
import org.medley.training.recipe.BadRecipeException;

/** Mean loss per learned token, in nats, over examples that training never sees. */
public final class Evaluation {
    private Evaluation() {}

    /** Computes −log p of each target of a pass. */
    @FunctionalInterface
    interface Losses {
        float[] of(Packed pass);
    }

    /** @throws BadRecipeException if there is nothing to measure */
    static double loss(Iterable<Packed> passes, Losses losses) {
        double sum = 0;
        long count = 0;
        for (Packed pass : passes) {
            for (float loss : losses.of(pass)) {
                sum += loss;
            }
            count += pass.targets().length;
        }
        if (count == 0) {
            throw new BadRecipeException(
                    "evaluation.data: what is measured has no token that is learned: those come later"
                            + " in the examples, or in other examples; raise sequence or evaluation.examples");
        }
        return sum / count;
    }

    /** Of a model that is not being trained, its weights F32. */
    public static double loss(Network network, Iterable<Packed> passes) {
        try (Workspace workspace = new Workspace()) {
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(workspace), Map.of(), false);
            return loss(passes, pass -> {
                workspace.reset();
                return tape.losses(network, network.hidden(tape, pass.batch()), pass.rows(), pass.targets());
            });
        }
    }
}
