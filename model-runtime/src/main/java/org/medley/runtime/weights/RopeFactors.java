package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Llama 3's stretched rotary frequencies in the two forms they are stored in: Hugging Face has the parameters of the
 * formula, GGUF the formula's results, one divisor for each pair of a head.
 *
 * @see <a href="https://huggingface.co/docs/transformers/main/en/internal/rope_utils">rope_type llama3</a>
 */
final class RopeFactors {
    private static final double TOLERANCE = 1e-3;

    private RopeFactors() {}

    /** The divisors for a head of {@code size} elements. */
    static float[] of(JsonNode scaling, int size, double base) {
        return divisors(
                size,
                base,
                scaling.path("factor").asDouble(8),
                scaling.path("low_freq_factor").asDouble(1),
                scaling.path("high_freq_factor").asDouble(4),
                scaling.path("original_max_position_embeddings").asDouble(8192));
    }

    private static float[] divisors(int size, double base, double factor, double low, double high, double context) {
        float[] divisors = new float[size / 2];
        for (int i = 0; i < divisors.length; i++) {
            double turns = context * turnsPerToken(i, size, base);
            double smooth = Math.clamp((turns - low) / (high - low), 0, 1);
            divisors[i] = (float) (1 / ((1 - smooth) / factor + smooth));
        }
        return divisors;
    }

    private static double turnsPerToken(int pair, int size, double base) {
        return Math.pow(base, -2.0 * pair / size) / (2 * Math.PI);
    }

    /**
     * The parameters that give these divisors, or null if none do. Of low, high and context together only the line
     * between the two ends is seen, so that low may be taken as 1; high is 4 if that fits, as in all published models.
     */
    static ObjectNode parameters(float[] divisors, double base) {
        int size = 2 * divisors.length;
        double factor = divisors[divisors.length - 1];
        int first = -1;
        int last = -1;
        for (int i = 0; i < divisors.length; i++) {
            if (divisors[i] > 1 + TOLERANCE && divisors[i] < factor * (1 - TOLERANCE)) {
                first = first < 0 ? i : first;
                last = i;
            }
        }
        if (first < 0) {
            return parameters(divisors, base, factor, 4, 8192);
        }
        double x0 = turnsPerToken(first, size, base);
        double y0 = smooth(divisors[first], factor);
        ObjectNode usual = parameters(divisors, base, factor, 4, Math.rint((1 + 3 * y0) / x0));
        if (usual != null || first == last) {
            return usual;
        }
        double slope = (y0 - smooth(divisors[last], factor)) / (x0 - turnsPerToken(last, size, base));
        double below = slope * x0 - y0;
        return parameters(divisors, base, factor, 1 + 1 / below, Math.rint(slope / below));
    }

    private static double smooth(double divisor, double factor) {
        return (1 / divisor - 1 / factor) / (1 - 1 / factor);
    }

    private static ObjectNode parameters(float[] wanted, double base, double factor, double high, double context) {
        float[] got = divisors(2 * wanted.length, base, factor, 1, high, context);
        for (int i = 0; i < got.length; i++) {
            if (!(Math.abs(got[i] - wanted[i]) <= TOLERANCE * Math.abs(wanted[i]))) {
                return null;
            }
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("rope_type", "llama3")
                .put("factor", factor)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", high)
                .put("original_max_position_embeddings", (int) context);
    }
}
