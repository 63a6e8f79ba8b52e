package org.medley.training.autograd;

import org.medley.runtime.tensor.Tensor;

/** Counts what a step's tensors would take, and the most at a time. */
public final class PlannedMemory {
    private static final long ALIGNMENT = 64;

    private long used;
    private long peak;

    Tensor tensor(int rows, int cols) {
        Tensor tensor = Tensor.planned(rows, cols);
        used += (4L * rows * cols + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        peak = Math.max(peak, used);
        return tensor;
    }

    void within(Runnable work) {
        long before = used;
        work.run();
        used = before;
    }

    /** Bytes, the most at a time. */
    public long peak() {
        return peak;
    }
}
