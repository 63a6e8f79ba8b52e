package org.medley.runtime.tensor;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Which experts of a mixture a token goes to. */
public final class Routing {
    private Routing() {}

    /**
     * The softmax probabilities of the {@code top} highest scores, 0 for the others; of equal ones the first win.
     *
     * @param normalized whether they are scaled to sum to one
     */
    public static float[] weights(float[] scores, int top, boolean normalized) {
        int[] best = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -scores[i]).thenComparing(i -> i))
                .mapToInt(Integer::intValue)
                .limit(top)
                .toArray();
        float max = scores[best[0]];
        double sum = 0;
        for (float score : normalized ? pick(scores, best) : scores) {
            sum += Math.exp(score - max);
        }
        float[] weights = new float[scores.length];
        for (int i : best) {
            weights[i] = (float) (Math.exp(scores[i] - max) / sum);
        }
        return weights;
    }

    private static float[] pick(float[] scores, int[] indices) {
        float[] picked = new float[indices.length];
        for (int i = 0; i < indices.length; i++) {
            picked[i] = scores[indices[i]];
        }
        return picked;
    }

    /**
     * The way back: how the loss changes with each score.
     *
     * @param scores as given to {@link #weights}
     * @param weights what that made of them
     * @param dWeights how the loss changes with the weights of the chosen; 0 for the others
     * @param normalized as there
     */
    public static float[] scoresBackward(float[] scores, float[] weights, float[] dWeights, boolean normalized) {
        double[] probabilities = new double[scores.length];
        double max = IntStream.range(0, scores.length)
                .mapToDouble(i -> scores[i])
                .max()
                .orElseThrow();
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            probabilities[i] = normalized && weights[i] == 0 ? 0 : Math.exp(scores[i] - max);
            sum += probabilities[i];
        }
        double mean = 0;
        for (int i = 0; i < scores.length; i++) {
            probabilities[i] /= sum;
            mean += probabilities[i] * dWeights[i];
        }
        float[] dScores = new float[scores.length];
        for (int i = 0; i < scores.length; i++) {
            dScores[i] = (float) (probabilities[i] * (dWeights[i] - mean));
        }
        return dScores;
    }
}
