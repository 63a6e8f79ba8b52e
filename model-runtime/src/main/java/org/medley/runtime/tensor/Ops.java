package org.medley.runtime.tensor;

import java.util.List;

/**
 * The one vocabulary in which networks are written. A server runs it forward; a trainer wraps it and records the way
 * back. Activations are F32 {@code [rows, cols]}; weights may be stored in any {@link DType}. Results live in the
 * implementation's workspace until its next reset. Every op refuses shapes that do not fit with an
 * {@link IllegalArgumentException} that names them.
 */
public interface Ops {
    /** Rows of {@code table} [vocabulary, width] picked by id: [ids, width]. */
    Tensor embedding(Tensor table, int[] ids);

    /**
     * {@code x · weightᵀ + bias}.
     *
     * @param x [rows, in]
     * @param weight [out, in]
     * @param bias [out], or null
     * @return [rows, out]
     */
    Tensor linear(Tensor x, Tensor weight, Tensor bias);

    /** Root-mean-square norm over the last {@code weight.cols()} elements (Zhang and Sennrich 2019, eq. 4). */
    Tensor rmsNorm(Tensor x, Tensor weight, float epsilon);

    /**
     * Norm of mean and variance over the last {@code weight.cols()} elements, times weight, plus bias (Ba et al. 2016,
     * sec. 3.1).
     *
     * @param bias like weight, or null
     */
    Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon);

    /**
     * Rotary position embedding, the halves of a head, or of its part that turns, paired (Su et al. 2021, in the layout of
     * Llama checkpoints).
     *
     * @param x [rows, heads × table.headSize()]
     */
    Tensor rope(Tensor x, int[] positions, RopeTable table);

    /**
     * Attention with grouped key-value heads, each span of the batch over its own past and itself.
     *
     * @param q [rows, heads × headSize]
     * @param k [rows, kvHeads × headSize]
     * @param v like k
     * @return [rows, heads × headSize]
     */
    Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch);

    /** {@code silu(gate) * up}, elementwise. */
    Tensor swiglu(Tensor gate, Tensor up);

    /** The forms in which GELU is computed (Hendrycks and Gimpel 2016, sec. 2). */
    enum Gelu {
        /** {@code x · Φ(x)}, Φ the normal distribution, as BERT has it. */
        ERF,
        /** {@code x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))}, as Gemma has it. */
        TANH
    }

    /** {@code gelu(x)}, elementwise. */
    Tensor gelu(Tensor x, Gelu form);

    /** {@code gelu(gate) * up}, elementwise. */
    Tensor geglu(Tensor gate, Tensor up, Gelu form);

    /**
     * Every column times its factor, plus its bias.
     *
     * @param factors [cols]
     * @param bias [cols], or null
     */
    Tensor columns(Tensor x, Tensor factors, Tensor bias);

    /** Every element times a factor. */
    Tensor scale(Tensor x, float factor);

    /** {@code cap · tanh(x / cap)}, elementwise. */
    Tensor softCap(Tensor x, float cap);

    /**
     * A mixture of gated MLPs (Shazeer et al. 2017): each row goes through the {@code top} experts that the router
     * prefers, and their results are summed with the router's softmax probabilities.
     *
     * @param router [experts, width]
     * @param normalized whether the probabilities of the chosen are scaled to sum to one
     */
    Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized);

    /** Linear weights [out, in] of one expert: silu(x · gateᵀ) * (x · upᵀ) · downᵀ. */
    record Expert(Tensor gate, Tensor up, Tensor down) {}

    /** Elementwise sum. */
    Tensor add(Tensor a, Tensor b);

    /**
     * A sum and its {@link #rmsNorm norm}: what a layer adds to the stream, and what the next begins with. One op, because
     * a device then reads the stream once.
     */
    default Sum addNorm(Tensor a, Tensor b, Tensor weight, float epsilon) {
        Tensor sum = add(a, b);
        return new Sum(sum, rmsNorm(sum, weight, epsilon));
    }

    /** @param norm of the sum */
    record Sum(Tensor sum, Tensor norm) {}

    /** A part of a network that needs nothing but its input, such as a layer. */
    @FunctionalInterface
    interface Block {
        /** @param ops what the part is written in; it must use no others */
        Sum apply(Ops ops, Sum in);
    }

    /** Runs a part of a network. A trainer may forget what happens inside and compute it again on the way back. */
    default Sum block(Sum in, Block part) {
        return part.apply(this, in);
    }

    /** The given rows of {@code x}, in order. */
    Tensor rows(Tensor x, int[] rows);

    /** The mean of each span's rows: [spans, cols]. */
    Tensor means(Tensor x, List<Batch.Span> spans);

    /**
     * @param count query heads
     * @param kv key-value heads, a divisor of count
     * @param size elements of one head
     */
    record Heads(int count, int kv, int size) {
        public Heads {
            if (count < 1 || kv < 1 || size < 2 || count % kv != 0 || size % 2 != 0) {
                throw new IllegalArgumentException("heads " + count + " over key-value heads " + kv + " of size " + size
                        + ": the first must be a multiple of the second and the size even");
            }
        }
    }
}
