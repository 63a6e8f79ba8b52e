package org.medley.runtime.tensor;

/**
 * How a layer attends.
 *
 * @param scale of the scores before softmax
 * @param window a token sees itself and this many tokens less one before it (and as many after it if not causal); 0 for
 *     all
 * @param softCap scores s become {@code softCap · tanh(s / softCap)} (Gemma 2); 0 for none
 * @param causal no token sees a later one
 */
public record Attention(Ops.Heads heads, float scale, int window, float softCap, boolean causal) {
    public Attention {
        if (!(scale > 0) || window < 0 || !(softCap >= 0)) {
            throw new IllegalArgumentException("attention with scale " + scale + ", window " + window + ", soft cap "
                    + softCap + ": the first must be positive, the others not negative");
        }
    }

    /** Over all tokens before, scores divided by √headSize (Vaswani et al. 2017, eq. 1). */
    public static Attention causal(Ops.Heads heads) {
        return new Attention(heads, (float) (1 / Math.sqrt(heads.size())), 0, 0, true);
    }

    /** First key that the token at {@code position} sees. */
    public int first(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1);
    }

    /** Keys end here for the token at {@code position} of {@code keys} in all. */
    public int end(int position, int keys) {
        if (causal) {
            return position + 1;
        }
        return window == 0 ? keys : Math.min(keys, position + window);
    }
}
