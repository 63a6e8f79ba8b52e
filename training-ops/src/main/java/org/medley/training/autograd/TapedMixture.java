package org.medley.training.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Routing;
import org.medley.runtime.tensor.Tensor;

/**
 * A mixture of experts as the tape sees it: each expert's rows go through ops that have their own way back, and the
 * weighted sum leads back to the experts and to the router.
 */
final class TapedMixture {
    private final Tape tape;
    private final BackwardOps backward;

    TapedMixture(Tape tape, BackwardOps backward) {
        this.tape = tape;
        this.backward = backward;
    }

    /** What one expert made of the rows that chose it. */
    private record Part(int expert, int[] rows, Tensor y) {
        float[] weights(float[][] all) {
            float[] own = new float[rows.length];
            for (int i = 0; i < own.length; i++) {
                own[i] = all[rows[i]][expert];
            }
            return own;
        }
    }

    Tensor mixture(Tensor x, Tensor router, List<Ops.Expert> experts, int top, boolean normalized) {
        Tensor scores = tape.linear(x, router, null);
        float[][] given = new float[x.rows()][];
        float[][] weights = new float[x.rows()][];
        float[] all = backward.read(scores);
        for (int row = 0; row < x.rows(); row++) {
            given[row] = Arrays.copyOfRange(all, row * experts.size(), (row + 1) * experts.size());
            weights[row] = Routing.weights(given[row], top, normalized);
        }
        List<Part> parts = new ArrayList<>();
        for (int e = 0; e < experts.size(); e++) {
            int expert = e;
            int[] rows = IntStream.range(0, x.rows())
                    .filter(row -> weights[row][expert] > 0)
                    .toArray();
            if (rows.length > 0) {
                parts.add(new Part(e, rows, expert(tape.rows(x, rows), experts.get(e))));
            }
        }
        Tensor out = backward.zeros(x.rows(), x.cols());
        parts.forEach(part -> backward.addRows(part.y, part.rows, part.weights(weights), out));
        List<Tensor> inputs = new ArrayList<>(List.of(scores));
        parts.forEach(part -> inputs.add(part.y));
        return tape.record(
                out,
                dy -> {
                    float[][] dWeights = new float[x.rows()][experts.size()];
                    for (Part part : parts) {
                        float[] d =
                                backward.weightedRows(part.y, part.rows, part.weights(weights), dy, tape.into(part.y));
                        for (int i = 0; i < d.length; i++) {
                            dWeights[part.rows[i]][part.expert] = d[i];
                        }
                    }
                    // Nothing else uses the scores, so what is written here is all of their gradient.
                    Tensor dScores = tape.into(scores);
                    if (dScores == null) {
                        return;
                    }
                    float[] d = new float[all.length];
                    for (int row = 0; row < given.length; row++) {
                        float[] own = Routing.scoresBackward(given[row], weights[row], dWeights[row], normalized);
                        System.arraycopy(own, 0, d, row * own.length, own.length);
                    }
                    backward.write(d, dScores);
                },
                inputs.toArray(Tensor[]::new));
    }

    private Tensor expert(Tensor x, Ops.Expert weights) {
        Tensor gated = tape.swiglu(tape.linear(x, weights.gate(), null), tape.linear(x, weights.up(), null));
        return tape.linear(gated, weights.down(), null);
    }
}
