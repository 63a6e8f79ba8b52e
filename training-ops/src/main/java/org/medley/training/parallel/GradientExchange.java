package org.medley.training.parallel;

import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.optimizer.States;

/** Averages the gradients of all workers of a training run. */
public interface GradientExchange {
    /**
     * Replaces each worker's gradients by the average over all workers of the run, all of them or those that the worker
     * has the optimizer's states of; where several workers have an average, it has the same bits.
     *
     * @param gradients by parameter name, for each worker that lives in this process: all of them, or the one this
     *     process is
     * @param step counted from 1
     * @return what it cost
     * @throws IllegalArgumentException if workers or tensors are missing or of other sizes than was said at the start
     */
    Traffic average(List<Map<String, Tensor>> gradients, int step);

    /** What a checkpoint has to keep: the losses that workers carry over, by {@code error.WORKER.PARAMETER}. */
    States states();

    /**
     * Bytes that all workers together put on the wire in a step.
     *
     * @param plain what would have been sent in F32
     */
    record Traffic(long sent, long plain) {}
}
