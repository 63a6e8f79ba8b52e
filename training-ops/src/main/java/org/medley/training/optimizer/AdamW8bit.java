package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * AdamW whose moments are kept in eight bits between steps (Dettmers et al. 2022): m signed, v unsigned, each block of
 * elements over its own largest magnitude. Blocks have 256 elements and not the paper's 2048: one outlier then costs
 * fewer neighbours their precision, for 0.03 bytes more an element.
 */
final class AdamW8bit implements Rule {
    static final int BLOCK = 256;

    private static final ThreadLocal<Scratch> MOMENTS = Scratch.perThread();

    private final Settings settings;
    private final Parameter parameter;
    private final Tensor first;
    private final Tensor second;
    private final Tensor firstScales;
    private final Tensor secondScales;

    AdamW8bit(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        int blocks = Math.ceilDiv(parameter.size(), BLOCK);
        first = states.make("m." + parameter.name(), DType.I8, parameter.value().shape());
        second =
                states.make("v." + parameter.name(), DType.I8, parameter.value().shape());
        firstScales = states.make("m.scale." + parameter.name(), DType.F32, blocks);
        secondScales = states.make("v.scale." + parameter.name(), DType.F32, blocks);
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        OptimizerKernels.Adam adam = AdamW.adam(settings, pace, pace.gradientScale());
        float keep = AdamW.keep(settings, parameter, pace);
        Workers.ranges(firstScales.cols(), GRAIN / BLOCK, (from, to) -> {
            for (int block = from; block < to; block++) {
                block(gradient, adam, pace.learningRate(), keep, block);
            }
        });
    }

    private void block(Tensor gradient, OptimizerKernels.Adam adam, float rate, float keep, int block) {
        long start = (long) block * BLOCK;
        int count = (int) Math.min(BLOCK, parameter.size() - start);
        long m = MOMENTS.get().floats(2 * BLOCK);
        long v = m + 4L * BLOCK;
        long scaleM = firstScales.address() + 4L * block;
        long scaleV = secondScales.address() + 4L * block;
        DynamicMap.SIGNED.decode(first.address() + start, Memory.f32(scaleM), m, count);
        DynamicMap.UNSIGNED.decode(second.address() + start, Memory.f32(scaleV), v, count);
        OptimizerKernels.adamw(
                parameter.value().address() + 4 * start,
                gradient.address() + 4 * start,
                m,
                v,
                adam,
                rate,
                keep,
                0,
                count);
        Memory.f32(scaleM, DynamicMap.SIGNED.encode(m, first.address() + start, count));
        Memory.f32(scaleV, DynamicMap.UNSIGNED.encode(v, second.address() + start, count));
    }
}
