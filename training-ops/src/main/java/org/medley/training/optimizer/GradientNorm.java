package org.medley.training.optimizer;

import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.Workers;

/** The Euclidean norm over all gradients, by which they are clipped. */
public final class GradientNorm {
    /** Elements of one partial sum; fixed, so that the result does not depend on the number of threads. */
    private static final int CHUNK = 65_536;

    private GradientNorm() {}

    /** Tensors are added in the order of their names. */
    public static double of(Map<String, Tensor> gradients) {
        double sum = 0;
        for (Tensor gradient : new TreeMap<>(gradients).values()) {
            sum += squares(gradient.address(), gradient.size());
        }
        return Math.sqrt(sum);
    }

    /** The sum of squares of F32 elements. */
    static double squares(long address, long size) {
        double[] partial = new double[Math.toIntExact((size + CHUNK - 1) / CHUNK)];
        Workers.run(partial.length, chunk -> {
            long from = (long) chunk * CHUNK;
            partial[chunk] = OptimizerKernels.sumOfSquares(address + 4 * from, (int) Math.min(CHUNK, size - from));
        });
        double sum = 0;
        for (double value : partial) {
            sum += value;
        }
        return sum;
    }
}
