package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.Workers;

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). */
final class AdamW implements Rule {
    private final Settings settings;
    private final Parameter parameter;
    private final Tensor first;
    private final Tensor second;

    AdamW(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        first = states.make(
                "m." + parameter.name(), DType.F32, parameter.value().shape());
        second = states.make(
                "v." + parameter.name(), DType.F32, parameter.value().shape());
    }

    /** This step's constants. */
    static OptimizerKernels.Adam adam(Settings settings, Pace pace, float scale) {
        return OptimizerKernels.Adam.at(pace.step(), scale, settings.beta1(), settings.beta2(), settings.epsilon());
    }

    /** What a parameter is multiplied by before its step: matrices decay, vectors do not. */
    static float keep(Settings settings, Parameter parameter, Pace pace) {
        return parameter.matrix() ? 1 - pace.learningRate() * settings.weightDecay() : 1;
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        OptimizerKernels.Adam adam = adam(settings, pace, pace.gradientScale());
        float keep = keep(settings, parameter, pace);
        Workers.ranges(
                parameter.size(),
                GRAIN,
                (from, to) -> OptimizerKernels.adamw(
                        parameter.value().address(),
                        gradient.address(),
                        first.address(),
                        second.address(),
                        adam,
                        pace.learningRate(),
                        keep,
                        from,
                        to));
    }
}
