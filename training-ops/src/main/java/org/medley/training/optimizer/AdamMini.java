package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * Adam-mini (Zhang et al. 2024): AdamW with one second moment, the mean of squared gradients, for each dense block of
 * the Hessian.
 */
final class AdamMini implements Rule {
    private final Settings settings;
    private final Parameter parameter;
    private final int blockSize;
    private final Tensor first;
    private final Tensor second;

    AdamMini(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        int rows = parameter.blockRows() == 0 ? parameter.value().rows() : parameter.blockRows();
        blockSize = Math.multiplyExact(rows, parameter.value().cols());
        first = states.make(
                "m." + parameter.name(), DType.F32, parameter.value().shape());
        second = states.make("v." + parameter.name(), DType.F32, parameter.size() / blockSize);
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        float keep = AdamW.keep(settings, parameter, pace);
        float unbias1 = OptimizerKernels.unbias(settings.beta1(), pace.step());
        float unbias2 = OptimizerKernels.unbias(settings.beta2(), pace.step());
        Workers.ranges(second.cols(), GRAIN / blockSize, (from, to) -> {
            for (int block = from; block < to; block++) {
                float root = (float) Math.sqrt(square(gradient, pace.gradientScale(), block) * unbias2);
                long at = 4L * block * blockSize;
                OptimizerKernels.momentum(
                        parameter.value().address() + at,
                        gradient.address() + at,
                        first.address() + at,
                        pace.gradientScale(),
                        settings.beta1(),
                        pace.learningRate() * unbias1 / (root + settings.epsilon()),
                        keep,
                        0,
                        blockSize);
            }
        });
    }

    /** The block's second moment, after this gradient. */
    private float square(Tensor gradient, float scale, int block) {
        long g = gradient.address() + 4L * block * blockSize;
        float mean = RowKernels.dot(g, g, blockSize) / blockSize * scale * scale;
        long at = second.address() + 4L * block;
        float square = settings.beta2() * Memory.f32(at) + (1 - settings.beta2()) * mean;
        Memory.f32(at, square);
        return square;
    }
}
