package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Set;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Schedule;
import org.medley.training.optimizer.Settings;

/**
 * How parameters are changed. Defaults of what a method needs are {@link Settings#of}'s; keys that it does not use are
 * refused.
 *
 * @param method default adamw
 * @param learningRate the highest; default 1e-3 for a model from scratch, 1e-4 for pre-training one that is there, 2e-5
 *     for fine-tuning, 2e-4 with an adapter, 1e-6 for reinforcement, 1e-5 with an adapter
 * @param minLearningRate at the end; default a tenth
 * @param schedule default wsd for pre-training, cosine for fine-tuning, constant for reinforcement
 * @param warmup steps of linear rise; default a twentieth of all
 * @param decay steps of wsd's fall; default a fifth of all
 * @param decayShape of wsd; default one_minus_sqrt
 * @param clip longest gradient; default 1
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OptimizerSection(
        Method method,
        Double learningRate,
        Double minLearningRate,
        ScheduleKind schedule,
        Integer warmup,
        Integer decay,
        Schedule.Decay decayShape,
        Double beta1,
        Double beta2,
        Double beta3,
        Double epsilon,
        Double weightDecay,
        Double clip,
        Integer rank,
        Double scale,
        Integer refresh,
        Integer inverseEvery) {
    static final OptimizerSection EMPTY = new OptimizerSection(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    private static final Set<Method> WITH_BETA3 = Set.of(Method.adan, Method.shampoo4bit);
    private static final Set<Method> WITH_RANK = Set.of(Method.galore, Method.shampoo4bit);

    /** How the learning rate goes. */
    public enum ScheduleKind {
        cosine,
        wsd,
        constant
    }

    /**
     * @param defaultRate highest learning rate if none is named
     * @param steps of the run; 0 if epochs decide, so that warmup and decay stay open until data is read
     */
    OptimizerSection completed(Checks checks, ScheduleKind defaultSchedule, double defaultRate, int steps) {
        String at = "optimizer.";
        Method used = method == null ? Method.adamw : method;
        ScheduleKind kind = schedule == null ? defaultSchedule : schedule;
        Settings defaults = Settings.of(used);
        double peak = checks.range(at + "learningRate", learningRate, defaultRate, 0, 10);
        if (!WITH_BETA3.contains(used)) {
            checks.unused(beta3, at + "beta3", "by " + used);
        }
        if (!WITH_RANK.contains(used)) {
            checks.unused(rank, at + "rank", "by " + used);
            checks.unused(refresh, at + "refresh", "by " + used);
        }
        if (used != Method.galore) {
            checks.unused(scale, at + "scale", "by " + used);
        }
        if (used != Method.shampoo4bit) {
            checks.unused(inverseEvery, at + "inverseEvery", "by " + used);
        }
        if (kind != ScheduleKind.wsd) {
            checks.unused(decay, at + "decay", "by schedule " + kind);
            checks.unused(decayShape, at + "decayShape", "by schedule " + kind);
        }
        if (kind == ScheduleKind.constant) {
            checks.unused(minLearningRate, at + "minLearningRate", "by schedule constant");
        }
        int bound = steps == 0 ? TrainRecipe.MAX_STEPS : steps;
        Integer rise = warmup == null && steps == 0
                ? null
                : (Integer) checks.range(at + "warmup", warmup, Math.min(bound, Math.max(1, steps / 20)), 0, bound);
        Integer fall = kind != ScheduleKind.wsd || (decay == null && steps == 0)
                ? null
                : (Integer) checks.range(
                        at + "decay",
                        decay,
                        Math.max(0, Math.min(steps / 5, bound - (rise == null ? 0 : rise))),
                        0,
                        bound);
        checks.that(
                rise == null || fall == null || steps == 0 || rise + fall <= steps,
                at + "decay",
                "over " + fall + " steps does not fit into " + steps + " steps with a warm-up of " + rise);
        boolean three = WITH_BETA3.contains(used);
        boolean ranked = WITH_RANK.contains(used);
        return new OptimizerSection(
                used,
                peak,
                kind == ScheduleKind.constant
                        ? null
                        : (Double) checks.range(at + "minLearningRate", minLearningRate, peak / 10, 0, peak),
                kind,
                rise,
                fall,
                kind == ScheduleKind.wsd && decayShape == null ? Schedule.Decay.one_minus_sqrt : decayShape,
                checks.range(at + "beta1", beta1, plain(defaults.beta1()), 0, 0.9999),
                checks.range(at + "beta2", beta2, plain(defaults.beta2()), 0, 0.99999),
                three ? (Double) checks.range(at + "beta3", beta3, plain(defaults.beta3()), 0, 0.99999) : null,
                checks.range(at + "epsilon", epsilon, plain(defaults.epsilon()), 0, 0.1),
                checks.range(at + "weightDecay", weightDecay, plain(defaults.weightDecay()), 0, 10),
                checks.range(at + "clip", clip, 1.0, 1e-6, 1e6),
                ranked
                        ? (Integer) checks.range(
                                at + "rank", rank, defaults.rank(), 1, used == Method.galore ? 1_024 : 8_192)
                        : null,
                used == Method.galore
                        ? (Double) checks.range(at + "scale", scale, plain(defaults.scale()), 1e-6, 1_000)
                        : null,
                ranked ? (Integer) checks.range(at + "refresh", refresh, defaults.refresh(), 1, 1_000_000) : null,
                used == Method.shampoo4bit
                        ? (Integer)
                                checks.range(at + "inverseEvery", inverseEvery, defaults.inverseEvery(), 1, 1_000_000)
                        : null);
    }

    /** The decimal number that a person would write for a float. */
    private static double plain(float value) {
        return Double.parseDouble(Float.toString(value));
    }

    /** The same once it is known how many steps there are. */
    OptimizerSection over(Checks checks, int steps) {
        OptimizerSection full = completed(checks, schedule, learningRate, steps);
        checks.done();
        return full;
    }

    public Settings settings() {
        return new Settings(
                method,
                beta1.floatValue(),
                beta2.floatValue(),
                beta3 == null ? 0 : beta3.floatValue(),
                epsilon.floatValue(),
                weightDecay.floatValue(),
                rank == null ? 0 : rank,
                scale == null ? 0 : scale.floatValue(),
                refresh == null ? 0 : refresh,
                inverseEvery == null ? 0 : inverseEvery);
    }

    public Schedule rates(int steps) {
        float peak = learningRate.floatValue();
        return switch (schedule) {
            case cosine -> new Schedule.Cosine(peak, minLearningRate.floatValue(), warmup, steps);
            case wsd ->
                new Schedule.WarmupStableDecay(peak, minLearningRate.floatValue(), warmup, steps, decay, decayShape);
            case constant -> new Schedule.Constant(peak, warmup);
        };
    }
}
