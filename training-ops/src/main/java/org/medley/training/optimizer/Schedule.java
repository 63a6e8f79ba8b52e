package org.medley.training.optimizer;

/** Linear warm-up to {@code peak}, then half a cosine down to {@code floor} at the last step. */
public record Schedule(float peak, float floor, int warmup, int steps) {
    /** The rate of a step counted from 1. */
    public float at(int step) {
        if (step <= warmup) {
            return peak * step / warmup;
        }
        double progress = Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
        return (float) (floor + (peak - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
}
