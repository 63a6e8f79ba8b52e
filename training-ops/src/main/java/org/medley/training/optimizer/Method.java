package org.medley.training.optimizer;

/** The optimizers, by the names that recipes use. Bytes are those of states for each element of a matrix. */
public enum Method {
    /** Adam with decoupled weight decay (Loshchilov and Hutter 2019): 8 bytes. */
    adamw,
    /** Adam with Nesterov momentum from gradient differences (Xie et al. 2022): 16 bytes. */
    adan,
    /** AdamW with one weight-decay-integrated Nesterov step (Zhou, Xie and Yan 2023): 12 bytes. */
    adamw_win,
    /** The same with two: 16 bytes. */
    adamw_win2,
    /** AdamW with one second moment for each block of the Hessian (Zhang et al. 2024): 4 bytes, and 4 for each block. */
    adam_mini,
    /**
     * AdamW on gradients projected to their leading singular directions (Zhao et al. 2024): for a matrix of s × l, s ≤
     * l, 8·r/s bytes and 4·r/l for the projector; token tables and vectors 8.
     */
    galore,
    /**
     * AdamW with its moments in eight bits (Dettmers et al. 2022): 2.03125 bytes; token tables, vectors and matrices of
     * fewer than 4096 elements 8.
     */
    adamw8bit,
    /**
     * AdamW on gradients that 4-bit Shampoo preconditioned (Wang et al. 2024): 8 bytes, and for each block of a × b
     * elements with a and b multiples of 64 another 1.125·(a² + b²) + 8·(a + b): in all 10.27 bytes in square blocks of
     * 1024 or 1200. Vectors and matrices of fewer than 4096 elements 8.
     */
    shampoo4bit
}
