package org.medley.training.trainer;

import java.util.ArrayList;
import java.util.List;
import org.medley.training.recipe.StabilitySection;

/**
 * Tells a step that must not be taken: one whose loss or gradient is no number, or lies far above those of the last
 * steps that were taken. Gradients are compared by their logarithms, since they vary by factors.
 */
final class SpikeGuard {
    private static final int LEAST = 8;
    /** Deviations of a window of all but equal losses are no measure of anything. */
    private static final double LEAST_DEVIATION = 0.01;

    private final StabilitySection settings;
    private final List<Double> losses = new ArrayList<>();
    private final List<Double> norms = new ArrayList<>();
    private int skipped;
    private int rewinds;

    /** @param settings completed */
    SpikeGuard(StabilitySection settings) {
        this.settings = settings;
    }

    /**
     * What a checkpoint has to keep of it.
     *
     * @param skipped steps skipped in a row
     */
    record State(List<Double> losses, List<Double> norms, int skipped, int rewinds) {}

    /** What to do with a step. */
    enum Verdict {
        take,
        skip,
        /** Go back to the last checkpoint, and on with later data. */
        rewind,
        fail
    }

    Verdict judge(double loss, double norm) {
        boolean finite = Double.isFinite(loss) && Double.isFinite(norm);
        if (settings.spike() == 0) {
            return finite ? Verdict.take : Verdict.fail;
        }
        double log = Math.log(Math.max(norm, 1e-30));
        if (finite && !above(losses, loss) && !above(norms, log)) {
            remember(losses, loss);
            remember(norms, log);
            skipped = 0;
            return Verdict.take;
        }
        skipped++;
        if (skipped <= settings.skips()) {
            return Verdict.skip;
        }
        skipped = 0;
        rewinds++;
        return rewinds <= settings.rewinds() ? Verdict.rewind : Verdict.fail;
    }

    private boolean above(List<Double> last, double value) {
        if (last.size() < LEAST) {
            return false;
        }
        double mean = last.stream().mapToDouble(v -> v).average().orElseThrow();
        double square = last.stream()
                .mapToDouble(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow();
        return value > mean + settings.spike() * Math.max(Math.sqrt(square), LEAST_DEVIATION * Math.abs(mean));
    }

    private void remember(List<Double> last, double value) {
        last.add(value);
        if (last.size() > settings.window()) {
            last.removeFirst();
        }
    }

    State state() {
        return new State(List.copyOf(losses), List.copyOf(norms), skipped, rewinds);
    }

    /** Goes on from a checkpoint. */
    void restore(State state) {
        rewound(state);
        skipped = state.skipped;
        rewinds = state.rewinds;
    }

    /** Back at a checkpoint, but not as if nothing had happened: rewinds still count. */
    void rewound(State state) {
        losses.clear();
        losses.addAll(state.losses);
        norms.clear();
        norms.addAll(state.norms);
    }
}
