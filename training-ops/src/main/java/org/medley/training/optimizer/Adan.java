package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * Adan (Xie et al. 2022) with proximal weight decay. The betas are weights of what was, as in AdamW; the paper's are
 * one less these.
 */
final class Adan implements Rule {
    private final Settings settings;
    private final Parameter parameter;
    private final Tensor mean;
    private final Tensor difference;
    private final Tensor square;
    private final Tensor previous;

    Adan(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        int[] shape = parameter.value().shape();
        mean = states.make("m." + parameter.name(), DType.F32, shape);
        difference = states.make("v." + parameter.name(), DType.F32, shape);
        square = states.make("n." + parameter.name(), DType.F32, shape);
        previous = states.make("g." + parameter.name(), DType.F32, shape);
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        float rate = pace.learningRate();
        float decay = parameter.matrix() ? settings.weightDecay() : 0;
        OptimizerKernels.Adan adan = new OptimizerKernels.Adan(
                pace.gradientScale(),
                settings.beta1(),
                settings.beta2(),
                settings.beta3(),
                rate * OptimizerKernels.unbias(settings.beta1(), pace.step()),
                rate * settings.beta2() * OptimizerKernels.unbias(settings.beta2(), pace.step()),
                (float) Math.sqrt(OptimizerKernels.unbias(settings.beta3(), pace.step())),
                settings.epsilon(),
                1 / (1 + rate * decay),
                pace.step() == 1);
        Workers.ranges(
                parameter.size(),
                GRAIN,
                (from, to) -> OptimizerKernels.adan(
                        parameter.value().address(),
                        gradient.address(),
                        mean.address(),
                        difference.address(),
                        square.address(),
                        previous.address(),
                        adan,
                        from,
                        to));
    }
}
