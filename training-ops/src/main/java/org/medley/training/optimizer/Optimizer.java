package org.medley.training.optimizer;

import java.util.Map;
import org.medley.runtime.tensor.Tensor;

/** Changes parameters by their gradients. */
public interface Optimizer {
    /**
     * One update of all parameters.
     *
     * @param gradients by parameter name, F32, left as they are
     * @param step counted from 1; states are set up in step 1, so a run starts there or goes on with states from a
     *     checkpoint
     * @param gradientScale what gradients are multiplied by first, as clipping asks
     * @throws IllegalArgumentException if a parameter's gradient is missing or of another size
     */
    void step(Map<String, Tensor> gradients, int step, float learningRate, float gradientScale);

    /** What a checkpoint has to keep, by name. */
    States states();
}
