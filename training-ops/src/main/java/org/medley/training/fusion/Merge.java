package org.medley.training.fusion;

import java.util.Arrays;
import org.medley.training.recipe.FuseRecipe.Method;

/**
 * The arithmetic of one merged tensor. Formulas: weighted mean; task arithmetic (Ilharco et al. 2023, base plus λ·Σ wδ);
 * TIES (Yadav et al. 2023, section 3: trim, elect sign, disjoint merge).
 */
public final class Merge {
    private Merge() {}

    /**
     * @param base the models' common ancestor; null for {@link Method#linear}
     * @param models the models' values, each as long as base
     * @param weights one per model
     * @param densities share of the largest differences that TIES keeps, one per model
     */
    public static float[] merge(
            Method method,
            float[] base,
            float[][] models,
            double[] weights,
            double[] densities,
            boolean normalize,
            double lambda) {
        return switch (method) {
            case linear -> linear(models, weights, normalize, lambda);
            case task_arithmetic -> differences(base, models, weights, null, normalize, lambda);
            case ties -> differences(base, models, weights, densities, normalize, lambda);
        };
    }

    private static float[] linear(float[][] models, double[] weights, boolean normalize, double lambda) {
        double total = normalize ? Arrays.stream(weights).sum() : 1;
        if (Math.abs(total) < 1e-8) {
            throw new IllegalArgumentException("weights " + Arrays.toString(weights) + " sum to zero");
        }
        float[] merged = new float[models[0].length];
        for (int i = 0; i < merged.length; i++) {
            double sum = 0;
            for (int m = 0; m < models.length; m++) {
                sum += weights[m] * models[m][i];
            }
            merged[i] = (float) (lambda * sum / total);
        }
        return merged;
    }

    private static float[] differences(
            float[] base, float[][] models, double[] weights, double[] densities, boolean normalize, double lambda) {
        boolean ties = densities != null;
        float[] thresholds = new float[models.length];
        for (int m = 0; ties && m < models.length; m++) {
            thresholds[m] = threshold(base, models[m], densities[m]);
        }
        float[] merged = new float[base.length];
        double[] weighted = new double[models.length];
        for (int i = 0; i < base.length; i++) {
            double sum = 0;
            for (int m = 0; m < models.length; m++) {
                float delta = models[m][i] - base[i];
                weighted[m] = ties && Math.abs(delta) < thresholds[m] ? 0 : weights[m] * delta;
                sum += weighted[m];
            }
            double mixed = sum;
            double divisor = Arrays.stream(weights).sum();
            if (ties) {
                mixed = 0;
                divisor = 0;
                double sign = sum >= 0 ? 1 : -1;
                for (int m = 0; m < models.length; m++) {
                    if (weighted[m] * sign > 0) {
                        mixed += weighted[m];
                        divisor += weights[m];
                    }
                }
            }
            if (normalize && Math.abs(divisor) > 1e-8) {
                mixed /= divisor;
            }
            merged[i] = (float) (base[i] + lambda * mixed);
        }
        return merged;
    }

    /** The smallest magnitude among the {@code density} largest differences; ties at it are all kept. */
    private static float threshold(float[] base, float[] model, double density) {
        int keep = (int) (density * base.length);
        if (keep >= base.length) {
            return 0;
        }
        if (keep == 0) {
            return Float.POSITIVE_INFINITY;
        }
        float[] magnitudes = new float[base.length];
        for (int i = 0; i < base.length; i++) {
            magnitudes[i] = Math.abs(model[i] - base[i]);
        }
        Arrays.sort(magnitudes);
        return magnitudes[base.length - keep];
    }
}
