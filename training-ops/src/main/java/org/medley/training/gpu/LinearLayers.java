package org.medley.training.gpu;

import org.medley.runtime.tensor.Tensor;

/**
 * Which products a matrix goes through.
 *
 * @param eight for those kept in eight bits; null if none is
 */
record LinearLayers(PlainProducts plain, EightBitProducts eight) {
    Products of(Tensor weight) {
        return eight != null && eight.holds(weight) ? eight : plain;
    }

    /** Memory of results was taken back: what was rounded for a product is not looked for again. */
    void forget() {
        plain.begin();
        if (eight != null) {
            eight.begin();
        }
    }
}
