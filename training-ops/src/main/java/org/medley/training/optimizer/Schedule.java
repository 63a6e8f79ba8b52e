package org.medley.training.optimizer;

/** A learning rate for each step. All begin with a linear warm-up to {@code peak} over {@code warmup} steps. */
public sealed interface Schedule {
    /** The rate of a step counted from 1. */
    float at(int step);

    /** Half a cosine from {@code peak} down to {@code floor} at step {@code steps} (Loshchilov and Hutter 2017). */
    record Cosine(float peak, float floor, int warmup, int steps) implements Schedule {
        public Cosine {
            check(peak, floor, warmup, steps);
        }

        @Override
        public float at(int step) {
            if (step <= warmup) {
                return peak * step / warmup;
            }
            double progress = Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
            return Decay.cosine.between(peak, floor, progress);
        }
    }

    /**
     * {@code peak} until the last {@code decay} steps, in which it falls to {@code floor} (Hu et al. 2024): a run can be
     * prolonged from a checkpoint before them.
     */
    record WarmupStableDecay(float peak, float floor, int warmup, int steps, int decay, Decay shape)
            implements Schedule {
        public WarmupStableDecay {
            check(peak, floor, warmup, steps);
            if (decay < 0 || decay > steps - warmup) {
                throw new IllegalArgumentException("a decay over " + decay + " steps does not fit into " + steps
                        + " steps with a warm-up of " + warmup);
            }
        }

        @Override
        public float at(int step) {
            if (step <= warmup) {
                return peak * step / warmup;
            }
            int into = step - (steps - decay);
            return into <= 0 ? peak : shape.between(peak, floor, Math.min(1, (double) into / decay));
        }
    }

    /** {@code peak} to the end. */
    record Constant(float peak, int warmup) implements Schedule {
        public Constant {
            check(peak, 0, warmup, Integer.MAX_VALUE);
        }

        @Override
        public float at(int step) {
            return step <= warmup ? peak * step / warmup : peak;
        }
    }

    /** How a rate falls. */
    enum Decay {
        cosine,
        /** 1 − √progress (Hägele et al. 2024), steep at first. */
        one_minus_sqrt,
        linear;

        private float between(float peak, float floor, double progress) {
            double left = switch (this) {
                case cosine -> 0.5 * (1 + Math.cos(Math.PI * progress));
                case one_minus_sqrt -> 1 - Math.sqrt(progress);
                case linear -> 1 - progress;
            };
            return (float) (floor + (peak - floor) * left);
        }
    }

    private static void check(float peak, float floor, int warmup, int steps) {
        if (!(peak >= floor && floor >= 0)) {
            throw new IllegalArgumentException(
                    "a learning rate from " + peak + " to " + floor + "; it must fall and stay at least 0");
        }
        if (warmup < 0 || warmup > steps) {
            throw new IllegalArgumentException(
                    "a warm-up over " + warmup + " of " + steps + " steps; it must be between 0 and all of them");
        }
    }
}
