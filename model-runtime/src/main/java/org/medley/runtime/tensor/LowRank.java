package org.medley.runtime.tensor;

import java.util.List;

/**
 * A low-rank addition to a linear layer (LoRA, Hu et al. 2022): {@code scale · (x · aᵀ) · bᵀ}.
 *
 * @param a [rank, in]
 * @param b [out, rank]
 */
public record LowRank(Tensor a, Tensor b, float scale) {
    /** Adds to what a layer made of its input, in place, where the activations lie. */
    public interface Adder {
        /**
         * @param x [rows, in]
         * @param y [rows, out]
         * @param chosen for each row its place among the parts, -1 for none
         * @param parts null where nothing is added; the same list until parts change
         */
        void add(Tensor x, Tensor y, int[] chosen, List<LowRank> parts);
    }
}
