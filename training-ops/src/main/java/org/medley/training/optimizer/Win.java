package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.Workers;

/** Win and Win2 around AdamW's direction (Zhou, Xie and Yan 2023): sequences that step further and are pulled back. */
final class Win implements Rule {
    private final Settings settings;
    private final Parameter parameter;
    private final Tensor first;
    private final Tensor second;
    private final Tensor x;
    /** Null with Win, whose second sequence is the parameter. */
    private final Tensor y;

    Win(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        int[] shape = parameter.value().shape();
        first = states.make("m." + parameter.name(), DType.F32, shape);
        second = states.make("v." + parameter.name(), DType.F32, shape);
        x = states.make("x." + parameter.name(), DType.F32, shape);
        y = settings.method() == Method.adamw_win2 ? states.make("y." + parameter.name(), DType.F32, shape) : null;
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        OptimizerKernels.Adam adam = AdamW.adam(settings, pace, pace.gradientScale());
        OptimizerKernels.Win win = new OptimizerKernels.Win(
                pace.learningRate(), parameter.matrix() ? settings.weightDecay() : 0, pace.step() == 1);
        Workers.ranges(
                parameter.size(),
                GRAIN,
                (from, to) -> OptimizerKernels.win(
                        parameter.value().address(),
                        gradient.address(),
                        first.address(),
                        second.address(),
                        x.address(),
                        y == null ? 0 : y.address(),
                        adam,
                        win,
                        from,
                        to));
    }
}
