package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.data.ExampleOrder;
import org.medley.training.data.Feed;
import org.medley.training.data.Packed;
import org.medley.training.data.Piece;
import org.medley.training.recipe.ReinforceSection;

/**
 * Learning from pairs of a better and a worse answer, beside what the start model thinks of them. With the margin
 * m = (log p(better) − log p₀(better)) − (log p(worse) − log p₀(worse)), DPO minimizes −log σ(β·m) over sums of tokens'
 * log-probabilities (Rafailov et al. 2023, eq. 7), IPO (m − 1/(2β))² over their means, so that length does not count
 * (Azar et al. 2023, eq. 17).
 */
final class PairObjective implements Objective {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Student student;
    private final ReinforceSection settings;
    private final ExampleOrder order;
    private final References references;
    private final List<Pair> heldOut;
    private final int microTokens;
    private final int workers;

    /** @param heldOut pairs that are measured; empty for none */
    PairObjective(
            Student student,
            ReinforceSection settings,
            ExampleOrder order,
            References references,
            List<Pair> heldOut,
            int microTokens,
            int workers) {
        this.student = student;
        this.settings = settings;
        this.order = order;
        this.references = references;
        this.heldOut = heldOut;
        this.microTokens = microTokens;
        this.workers = workers;
    }

    /** A better and a worse answer to one prompt. */
    record Pair(Piece better, Piece worse) {
        static Pair of(ExampleOrder.Drawn drawn) {
            return new Pair(drawn.pieces().getFirst(), drawn.pieces().getLast());
        }

        int rows() {
            return better.rows() + worse.rows();
        }
    }

    /** Pairs in one pass, each better answer before its worse one. */
    record Pass(List<Pair> pairs, Packed packed) {
        static List<Pass> of(List<Pair> pairs, int microTokens) {
            List<Pass> passes = new ArrayList<>();
            List<Pair> chosen = new ArrayList<>();
            int used = 0;
            for (Pair pair : pairs) {
                if (!chosen.isEmpty() && used + pair.rows() > microTokens) {
                    passes.add(of(chosen));
                    chosen = new ArrayList<>();
                    used = 0;
                }
                chosen.add(pair);
                used += pair.rows();
            }
            if (!chosen.isEmpty()) {
                passes.add(of(chosen));
            }
            return passes;
        }

        private static Pass of(List<Pair> pairs) {
            List<Piece> pieces = new ArrayList<>();
            pairs.forEach(pair -> pieces.addAll(List.of(pair.better, pair.worse)));
            return new Pass(List.copyOf(pairs), Packed.of(pieces));
        }

        /** Where each answer's learned tokens begin among those of the pass, and where the last end. */
        int[] starts() {
            List<Batch.Span> spans = packed.batch().spans();
            int[] starts = new int[spans.size() + 1];
            for (int s = 0; s < spans.size(); s++) {
                int end = spans.get(s).row() + spans.get(s).rows();
                int at = starts[s];
                while (at < packed.rows().length && packed.rows()[at] < end) {
                    at++;
                }
                starts[s + 1] = at;
            }
            return starts;
        }
    }

    /** The log-probability of each answer of a pass: a sum for DPO, a mean for IPO. */
    static double[] scores(float[] losses, int[] starts, boolean means) {
        double[] scores = new double[starts.length - 1];
        for (int s = 0; s < scores.length; s++) {
            for (int i = starts[s]; i < starts[s + 1]; i++) {
                scores[s] -= losses[i];
            }
            if (means) {
                scores[s] /= Math.max(1, starts[s + 1] - starts[s]);
            }
        }
        return scores;
    }

    private boolean means() {
        return settings.method() == ReinforceSection.Method.ipo;
    }

    /** The loss of a margin, and its slope. */
    private double[] loss(double margin) {
        double beta = settings.beta();
        if (means()) {
            double off = margin - 1 / (2 * beta);
            return new double[] {off * off, 2 * off};
        }
        double x = beta * margin;
        double loss = x > 0 ? Math.log1p(Math.exp(-x)) : -x + Math.log1p(Math.exp(x));
        return new double[] {loss, -beta / (1 + Math.exp(x))};
    }

    @Override
    public Outcome gather(int step) {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < settings.pairs() || i < workers; i++) {
            pairs.add(Pair.of(order.next()));
        }
        List<Pass> passes = Pass.of(pairs, microTokens);
        double[][] found = new double[passes.size()][];
        student.share(passes.size(), (worker, p) -> found[p] = learn(worker, passes.get(p), pairs.size()));
        double loss = 0;
        double margins = 0;
        long right = 0;
        long tokens = 0;
        for (int p = 0; p < passes.size(); p++) {
            for (double margin : found[p]) {
                loss += loss(margin)[0];
                margins += margin;
                right += margin > 0 ? 1 : 0;
            }
            tokens += passes.get(p).packed.batch().rows();
        }
        Map<String, Double> metrics =
                Map.of("margin", margins / pairs.size(), "preferred", (double) right / pairs.size());
        List<Batch> batches = passes.stream().map(pass -> pass.packed.batch()).toList();
        return new Outcome(loss / pairs.size(), tokens, metrics, batches);
    }

    /**
     * @param count pairs of the step
     * @return the margins of a pass's pairs
     */
    private double[] learn(int worker, Pass pass, int count) {
        Packed packed = pass.packed;
        int[] starts = pass.starts();
        Tensor hidden = student.hidden(worker, packed.batch());
        float[] losses = student.tape(worker).losses(student.network(), hidden, packed.rows(), packed.targets());
        double[] scores = scores(losses, starts, means());
        float[] weights = new float[losses.length];
        double[] margins = new double[pass.pairs.size()];
        for (int i = 0; i < margins.length; i++) {
            margins[i] = margin(pass.pairs.get(i), scores[2 * i], scores[2 * i + 1]);
            // The loss falls as the better answer's log-probability rises; weights are those of −log p.
            double weight = -loss(margins[i])[1] * workers / count;
            fill(weights, starts, 2 * i, weight);
            fill(weights, starts, 2 * i + 1, -weight);
        }
        student.tape(worker).backward(student.network(), hidden, packed.rows(), packed.targets(), weights);
        return margins;
    }

    private void fill(float[] weights, int[] starts, int answer, double weight) {
        int count = starts[answer + 1] - starts[answer];
        Arrays.fill(
                weights, starts[answer], starts[answer + 1], (float) (means() ? weight / Math.max(1, count) : weight));
    }

    private double margin(Pair pair, double better, double worse) {
        return better - references.of(pair.better) - (worse - references.of(pair.worse));
    }

    @Override
    public JsonNode position() {
        return JSON.valueToTree(order.position());
    }

    @Override
    public void seek(JsonNode position) {
        order.seek(JSON.convertValue(position, Feed.State.class));
    }

    @Override
    public Map<String, Double> evaluate() {
        if (heldOut.isEmpty()) {
            return Map.of();
        }
        double loss = 0;
        long right = 0;
        for (Pass pass : Pass.of(heldOut, microTokens)) {
            Packed packed = pass.packed;
            float[] losses = student.losses(student.network(), packed.batch(), packed.rows(), packed.targets());
            double[] scores = scores(losses, pass.starts(), means());
            for (int i = 0; i < pass.pairs.size(); i++) {
                double margin = margin(pass.pairs.get(i), scores[2 * i], scores[2 * i + 1]);
                loss += loss(margin)[0];
                right += margin > 0 ? 1 : 0;
            }
        }
        return Map.of("evaluationLoss", loss / heldOut.size(), "evaluationPreferred", (double) right / heldOut.size());
    }
}
