package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;

/**
 * AdamW over masters and moments on a device, the clipping's factor and all in one launch for a tensor. It gives the
 * processor's results to the bit. The host's states, by the same names as there, are copies.
 */
final class DeviceAdamW implements Optimizer {
    private final Launcher launcher;
    private final Settings settings;
    private final States states;
    private final List<Moments> moments = new ArrayList<>();

    /**
     * A parameter with where its value and moments lie.
     *
     * @param first the host's copy of the first moment
     */
    private record Moments(Parameter parameter, long value, long m, long v, Tensor first, Tensor second) {}

    /** @param masters where each parameter's value lies on the device, by name */
    DeviceAdamW(
            Launcher launcher,
            DeviceMemory memory,
            Settings settings,
            List<Parameter> parameters,
            Map<String, Long> masters,
            States states) {
        if (settings.method() != Method.adamw) {
            throw new IllegalArgumentException(
                    "optimizer " + settings.method() + " runs on the processor only; a GPU has adamw");
        }
        this.launcher = launcher;
        this.settings = settings;
        this.states = states;
        Gpu gpu = launcher.gpu();
        for (Parameter parameter : parameters) {
            int[] shape = parameter.value().shape();
            long bytes = DType.F32.bytes(parameter.value().size());
            long m = memory.allocate(bytes);
            long v = memory.allocate(bytes);
            gpu.zero(m, bytes);
            gpu.zero(v, bytes);
            moments.add(new Moments(
                    parameter,
                    masters.get(parameter.name()),
                    m,
                    v,
                    states.make("m." + parameter.name(), DType.F32, shape),
                    states.make("v." + parameter.name(), DType.F32, shape)));
        }
    }

    @Override
    public void step(Map<String, Tensor> gradients, int step, float learningRate, float gradientScale) {
        if (step < 1) {
            throw new IllegalArgumentException("step is " + step + "; steps are counted from 1");
        }
        OptimizerKernels.Adam adam =
                OptimizerKernels.Adam.at(step, gradientScale, settings.beta1(), settings.beta2(), settings.epsilon());
        for (Moments own : moments) {
            Tensor value = own.parameter.value();
            Tensor gradient = gradients.get(own.parameter.name());
            if (gradient == null || gradient.size() != value.size()) {
                throw new IllegalArgumentException(
                        "the gradient of parameter " + own.parameter.name() + " " + value + " is " + gradient);
            }
            boolean decays = value.shape().length > 1;
            launcher.none()
                    .put(own.value)
                    .put(gradient.address())
                    .put(own.m)
                    .put(own.v)
                    .put(value.size());
            launcher.arguments()
                    .put(adam.scale())
                    .put(adam.beta1())
                    .put(adam.beta2())
                    .put(adam.unbias1())
                    .put(adam.unbias2())
                    .put(adam.epsilon())
                    .put(learningRate)
                    .put(decays ? 1 - learningRate * settings.weightDecay() : 1f);
            launcher.launch("optimizer", "adamw", Grid.elements(value.size()));
        }
    }

    @Override
    public States states() {
        return states;
    }

    /** Brings the moments to the host. */
    void fetch() {
        Gpu gpu = launcher.gpu();
        for (Moments own : moments) {
            gpu.download(own.m, own.first.address(), own.first.data().byteSize());
            gpu.download(own.v, own.second.address(), own.second.data().byteSize());
        }
    }

    /** Brings the host's moments to the device. */
    void store() {
        Gpu gpu = launcher.gpu();
        for (Moments own : moments) {
            gpu.upload(own.first.address(), own.m, own.first.data().byteSize());
            gpu.upload(own.second.address(), own.v, own.second.data().byteSize());
        }
        gpu.synchronize();
    }
}
