package org.medley.training.optimizer;

/**
 * Which optimizer, and how it is set. Keys that a method does not use are 0 in its defaults and ignored.
 *
 * @param beta1 weight of the old first moment; all methods, in [0, 1)
 * @param beta2 weight of the old second moment; with Adan of the gradient differences; all methods, in [0, 1)
 * @param beta3 with Adan weight of the old second moment, with Shampoo of the old preconditioner, in [0, 1)
 * @param epsilon added to the root of the second moment; all methods, ≥ 0
 * @param weightDecay of matrices, over the learning rate; all methods, ≥ 0
 * @param rank with GaLore the dimensions gradients are projected to, with Shampoo the longest side of a block, ≥ 1
 * @param scale with GaLore what the update is multiplied by when projected back, > 0
 * @param refresh with GaLore steps between two projectors, with Shampoo between two updates of preconditioners, ≥ 1
 * @param inverseEvery with Shampoo steps between two computations of inverse roots, ≥ 1; before the first of them a
 *     step is AdamW's
 */
public record Settings(
        Method method,
        float beta1,
        float beta2,
        float beta3,
        float epsilon,
        float weightDecay,
        int rank,
        float scale,
        int refresh,
        int inverseEvery) {

    public Settings {
        boolean galore = method == Method.galore;
        boolean shampoo = method == Method.shampoo4bit;
        weight(method, "beta1", beta1);
        weight(method, "beta2", beta2);
        weight(method, "beta3", beta3);
        that(epsilon >= 0 && epsilon < 1, method, "epsilon", epsilon, "in [0, 1)");
        that(weightDecay >= 0 && weightDecay <= 100, method, "weightDecay", weightDecay, "in [0, 100]");
        that(!(galore || shampoo) || rank >= 1, method, "rank", rank, "at least 1");
        that(!galore || rank <= 1024, method, "rank", rank, "at most 1024");
        that(!shampoo || rank <= 8192, method, "rank", rank, "at most 8192");
        that(!galore || (scale > 0 && scale <= 1000), method, "scale", scale, "in (0, 1000]");
        that(!(galore || shampoo) || refresh >= 1, method, "refresh", refresh, "at least 1");
        that(!shampoo || inverseEvery >= 1, method, "inverseEvery", inverseEvery, "at least 1");
    }

    private static void weight(Method method, String key, float value) {
        that(value >= 0 && value < 1, method, key, value, "in [0, 1)");
    }

    private static void that(boolean holds, Method method, String key, float value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "optimizer " + method + ": " + key + " is " + value + "; it must be " + range);
        }
    }

    /**
     * The defaults: what the method's authors published, with AdamW's, Adam-mini's, 8-bit AdamW's and Shampoo's Adam as
     * is usual for language models (0.9, 0.95, decay 0.1). Adan wants a learning rate five to ten times AdamW's, GaLore
     * about 0.01. Shampoo's authors took 100 and 500 steps for images, and 200 and 200 for language models.
     */
    public static Settings of(Method method) {
        return switch (method) {
            case adamw, adam_mini, adamw8bit -> new Settings(method, 0.9f, 0.95f, 0, 1e-8f, 0.1f, 0, 0, 0, 0);
            case adan -> new Settings(method, 0.98f, 0.92f, 0.99f, 1e-8f, 0.02f, 0, 0, 0, 0);
            case adamw_win, adamw_win2 -> new Settings(method, 0.9f, 0.999f, 0, 1e-8f, 0.01f, 0, 0, 0, 0);
            case galore -> new Settings(method, 0.9f, 0.999f, 0, 1e-6f, 0, 128, 0.25f, 200, 0);
            case shampoo4bit -> new Settings(method, 0.9f, 0.95f, 0.95f, 1e-8f, 0.1f, 1200, 0, 100, 500);
        };
    }
}
