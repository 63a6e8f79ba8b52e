package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/**
 * A trained tensor.
 *
 * @param name as in the model's files
 * @param value F32
 * @param blockRows rows that share one second moment in Adam-mini: a head's rows for query and key matrices, 1 for
 *     other matrices; 0: the whole tensor (vectors)
 */
public record Parameter(String name, Tensor value, int blockRows) {
    public Parameter {
        if (value.dtype() != DType.F32 || value.scales() != null) {
            throw new IllegalArgumentException("parameter " + name + " is " + value + "; only plain F32 is trained");
        }
        if (blockRows < 0 || (blockRows > 0 && value.rows() % blockRows != 0)) {
            throw new IllegalArgumentException("parameter " + name + " " + value + ": blocks of " + blockRows
                    + " rows do not divide its " + value.rows() + " rows");
        }
    }

    /** Matrices decay and can be compressed by their structure; vectors (norms, biases) cannot. */
    boolean matrix() {
        return value.shape().length > 1;
    }

    /**
     * Whether this is a table with a row per token: the embedding or the output head, told by {@code embed} or {@code
     * lm_head} in the name. Most of its rows have no gradient in a step.
     */
    boolean tokenTable() {
        return matrix() && (name.contains("embed") || name.contains("lm_head"));
    }

    int size() {
        return Math.toIntExact(value.size());
    }
}
