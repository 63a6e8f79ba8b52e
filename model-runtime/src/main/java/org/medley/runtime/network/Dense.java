package org.medley.runtime.network;

import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/**
 * A linear layer.
 *
 * @param weight [out, in]
 * @param bias [out], or null
 */
record Dense(Tensor weight, Tensor bias) {
    Tensor of(Ops ops, Tensor x) {
        return ops.linear(x, weight, bias);
    }
}
