package org.medley.training.fusion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.medley.training.recipe.FuseRecipe.Method;

class MergeTest {
    private static final float[] BASE = {1, 1, 1, 1};
    private static final float[] A = {2, 1, 1.1f, -1};
    private static final float[] B = {3, 0, 1.1f, 4};

    private static float[] merge(
            Method method, double[] weights, double[] densities, boolean normalize, double lambda) {
        return Merge.merge(method, BASE, new float[][] {A, B}, weights, densities, normalize, lambda);
    }

    @Test
    void identitiesOfTheMethodsHold() {
        double[] full = {1, 1};
        assertThat(merge(Method.linear, new double[] {1, 0}, full, true, 1)).containsExactly(A);
        assertThat(merge(Method.task_arithmetic, new double[] {1, 0}, full, false, 1))
                .containsExactly(A);
        assertThat(merge(Method.ties, new double[] {1, 1}, full, true, 0)).containsExactly(BASE);
        float[] same = Merge.merge(Method.ties, BASE, new float[][] {A, A}, full, full, true, 1);
        assertThat(same).containsExactly(A);
    }

    @Test
    void linearIsTheMeanAndTaskArithmeticTheSum() {
        double[] full = {1, 1};
        assertThat(merge(Method.linear, full, full, true, 1)).containsExactly(2.5f, 0.5f, 1.1f, 1.5f);
        assertThat(merge(Method.task_arithmetic, full, full, false, 1)[0]).isEqualTo(4f);
    }

    @Test
    void tiesElectsTheSignOfTheSumAndTrimsTheSmall() {
        float[] merged = merge(Method.ties, new double[] {1, 1}, new double[] {0.5, 0.5}, true, 1);
        assertThat(merged[0]).as("both agree: mean of +1 and +2").isEqualTo(2.5f);
        assertThat(merged[1]).as("-1 of B is among its two smallest").isEqualTo(1f);
        assertThat(merged[2]).as("trimmed in both").isEqualTo(1f);
        assertThat(merged[3]).as("-2 and +3: the sum elects +").isEqualTo(4f);
    }
}
