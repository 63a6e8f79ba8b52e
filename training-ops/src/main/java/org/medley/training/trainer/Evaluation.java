package org.medley.training.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;
import org.medley.training.data.Dataset.Example;
import org.medley.training.data.Mixture;

/** Mean loss per learned token, in nats, over fixed examples that training never sees. */
public final class Evaluation {
    private final Decoder decoder;
    private final Workspace workspace;
    private final List<Mixture.Packed> passes = new ArrayList<>();

    public Evaluation(Decoder decoder, Workspace workspace, List<Example> examples, int microTokens) {
        this.decoder = decoder;
        this.workspace = workspace;
        List<Example> chosen = new ArrayList<>();
        int used = 0;
        for (Example example : examples) {
            if (!chosen.isEmpty() && used + example.tokens().length > microTokens) {
                passes.add(Mixture.pack(chosen));
                chosen = new ArrayList<>();
                used = 0;
            }
            chosen.add(example);
            used += example.tokens().length;
        }
        passes.add(Mixture.pack(chosen));
    }

    public double loss() {
        double sum = 0;
        long count = 0;
        for (Mixture.Packed pass : passes) {
            workspace.reset();
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(workspace), Map.of(), false);
            Tensor hidden = decoder.hidden(tape, pass.batch());
            for (float loss : tape.losses(decoder, hidden, pass.rows(), pass.targets())) {
                sum += loss;
            }
            count += pass.targets().length;
        }
        return sum / count;
    }
}
