package org.medley.runtime.tensor;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Which experts of a mixture a token goes to. */
final class Routing {
    private Routing() {}

    /**
     * The softmax probabilities of the {@code top} highest scores, 0 for the others; of equal ones the first win.
     *
     * @param normalized whether they are scaled to sum to one
     */
    static float[] weights(float[] scores, int top, boolean normalized) {
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
}
