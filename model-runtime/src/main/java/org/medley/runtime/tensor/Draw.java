package org.medley.runtime.tensor;

/**
 * How one token is chosen from a row of logits where they lie: those not allowed are ruled out, single ones are changed,
 * then comes the greatest, or one drawn from the likeliest.
 *
 * @param temperature 0 takes the greatest, of equal ones the first
 * @param topK only the k likeliest; 0 for all
 * @param topP only the likeliest that together reach this share of all
 * @param minP only those at least this fraction as likely as the likeliest
 * @param uniform the random number, in [0, 1)
 * @param allowed bits of the tokens that may be chosen, or null for all
 */
public record Draw(float temperature, int topK, float topP, float minP, double uniform, long[] allowed, Edits edits) {
    /** The greatest of all. */
    public static final Draw GREATEST = new Draw(0, 0, 1, 0, 0, null, Edits.NONE);

    /**
     * Changes of single logits, each {@code (logit + added) ∘ repetition - taken}, where repetition divides positive and
     * multiplies negative ones of those that are marked repeated.
     *
     * @param tokens no two equal
     */
    public record Edits(int[] tokens, float[] added, boolean[] repeated, float[] taken, float repetition) {
        public static final Edits NONE = new Edits(new int[0], new float[0], new boolean[0], new float[0], 1);

        public int count() {
            return tokens.length;
        }
    }

    /** A token and its log probability under the model itself. */
    public record Drawn(int token, float logprob) {}
}
