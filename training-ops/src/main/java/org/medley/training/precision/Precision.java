package org.medley.training.precision;

/**
 * Which numbers a training run computes with. Master weights, gradients of weights and the optimizer are F32 in all of
 * them. In all but {@link Kind#fp32} what lies between the operations is BF16, and so are embeddings, norms and the
 * head; in those named after a format, the operands of the layers' linear products are in it.
 *
 * @param scales which factors a scaled format may use
 * @param outliers inputs of the linear products are rounded as if one channel of every {@value #CHANNELS} were this many
 *     times as large; 1 for what they are. To see what a format does to a training run with outliers, on a model that is
 *     too small to grow them: what is computed stays the same up to rounding
 */
public record Precision(Kind kind, Scales scales, double outliers) {
    public static final Precision FP32 = new Precision(Kind.fp32, Scales.power_of_two, 1);

    /** Of so many channels the first is an outlier, where there are outliers. */
    static final int CHANNELS = 256;

    /** The numbers of the layers' linear products. */
    public enum Kind {
        fp32,
        bf16,
        /**
         * E4M3 everywhere: activations and gradients with a scale for 1 × 128 values along the contraction, weights for
         * 128 × 128 (DeepSeek-V3 report, sec. 3.3; InfiR2).
         */
        fp8_block,
        /** E4M3 everywhere, one scale for a whole tensor, from its present values: faster, and less robust. */
        fp8_tensor,
        /** The same with E5M2 for gradients: more range, less precision. */
        fp8_hybrid,
        /**
         * E2M1 in blocks of 16 with E4M3 scales under one F32 scale for the tensor, 16 × 16 for weights; gradients are
         * rounded at random, and the operands of the weights' gradient go through a random Hadamard transform (NVFP4
         * report, arXiv 2509.25149, sec. 4). Simulated: no device multiplies it here.
         */
        nvfp4;

        /** Whether training on a GPU has products of it. */
        public boolean onGpu() {
            return this == fp32 || this == bf16 || this == fp8_block || this == fp8_tensor;
        }
    }

    /** Factors of a scaled format. */
    public enum Scales {
        /** Powers of two, rounded up: products with them are exact. */
        power_of_two,
        /** Any F32: the largest value of a tile becomes the format's largest. */
        fp32
    }

    public boolean isFull() {
        return kind == Kind.fp32;
    }
}
