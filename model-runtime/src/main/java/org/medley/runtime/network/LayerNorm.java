package org.medley.runtime.network;

import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** @param bias null for none */
record LayerNorm(Tensor weight, Tensor bias, float epsilon) {
    Tensor of(Ops ops, Tensor x) {
        return ops.layerNorm(x, weight, bias, epsilon);
    }
}
