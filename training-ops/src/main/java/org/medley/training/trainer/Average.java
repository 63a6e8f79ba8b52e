package org.medley.training.trainer;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Workers;

/** A moving average of the weights. It begins with less memory, so that the first weights do not stay in it for long. */
final class Average {
    private final double keep;
    private final Map<String, Tensor> values = new LinkedHashMap<>();

    /** @param keep weight of the old value, in (0, 1) */
    Average(double keep, Map<String, Tensor> weights, Arena arena) {
        this.keep = keep;
        weights.forEach((name, tensor) -> {
            Tensor copy = Tensor.zeros(arena, tensor.shape());
            copy.copyFrom(tensor);
            values.put(name, copy);
        });
    }

    /** By the weights' names. */
    Map<String, Tensor> values() {
        return values;
    }

    /** @param step counted from 1 */
    void add(Map<String, Tensor> weights, int step) {
        float old = (float) Math.min(keep, (1.0 + step) / (10.0 + step));
        weights.forEach((name, tensor) -> {
            long average = values.get(name).address();
            Workers.elements(tensor.size(), (from, to) -> {
                RowKernels.scale(average + 4L * from, to - from, old);
                RowKernels.axpy(1 - old, tensor.address() + 4L * from, average + 4L * from, to - from);
            });
        });
    }
}
