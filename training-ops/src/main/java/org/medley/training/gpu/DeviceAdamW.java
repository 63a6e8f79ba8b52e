package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.HashMap;
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
 * AdamW over the masters and moments of a device's shard, the clipping's factor and all in one launch for a tensor. It
 * gives the processor's results to the bit. The host's states, by the same names as there, are copies of whole tensors.
 */
final class DeviceAdamW implements Optimizer {
    private final Launcher launcher;
    private final Settings settings;
    private final States states;
    private final List<Moments> moments = new ArrayList<>();

    /**
     * What the shard has of a parameter, with where its value and moments lie.
     *
     * @param first the host's copy of the parameter's first moment
     */
    private record Moments(
            Parameter parameter, Shards.Piece piece, long value, long m, long v, Tensor first, Tensor second) {
        long bytes() {
            return DType.F32.bytes(piece.count());
        }

        /** Where the piece is in the host's copy of a whole tensor. */
        long in(Tensor whole) {
            return whole.address() + DType.F32.bytes(piece.from());
        }
    }

    /**
     * @param pieces of the parameters that the shard has
     * @param masters where the shard's values lie on the device
     * @param states which {@link #make} filled
     */
    DeviceAdamW(
            Launcher launcher,
            DeviceMemory memory,
            Settings settings,
            List<Parameter> parameters,
            List<Shards.Piece> pieces,
            long masters,
            States states) {
        this.launcher = launcher;
        this.settings = settings;
        this.states = states;
        Map<String, Parameter> byName = new HashMap<>();
        parameters.forEach(parameter -> byName.put(parameter.name(), parameter));
        for (Shards.Piece piece : pieces) {
            moments.add(new Moments(
                    byName.get(piece.name()),
                    piece,
                    masters + DType.F32.bytes(piece.at()),
                    zeros(memory, piece),
                    zeros(memory, piece),
                    states.tensors().get("m." + piece.name()),
                    states.tensors().get("v." + piece.name())));
        }
    }

    private long zeros(DeviceMemory memory, Shards.Piece piece) {
        long bytes = DType.F32.bytes(piece.count());
        long address = memory.allocate(bytes);
        launcher.gpu().zero(address, bytes);
        return address;
    }

    /** Makes the host's copies of whole parameters' moments. */
    static void make(Settings settings, List<Parameter> parameters, States states) {
        if (settings.method() != Method.adamw) {
            throw new IllegalArgumentException(
                    "optimizer " + settings.method() + " runs on the processor only; a GPU has adamw");
        }
        for (Parameter parameter : parameters) {
            int[] shape = parameter.value().shape();
            states.make("m." + parameter.name(), DType.F32, shape);
            states.make("v." + parameter.name(), DType.F32, shape);
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
                    .put(own.in(gradient))
                    .put(own.m)
                    .put(own.v)
                    .put(own.piece.count());
            launcher.arguments()
                    .put(adam.scale())
                    .put(adam.beta1())
                    .put(adam.beta2())
                    .put(adam.unbias1())
                    .put(adam.unbias2())
                    .put(adam.epsilon())
                    .put(learningRate)
                    .put(decays ? 1 - learningRate * settings.weightDecay() : 1f);
            launcher.launch("optimizer", "adamw", Grid.elements(own.piece.count()));
        }
    }

    @Override
    public States states() {
        return states;
    }

    /** Brings the shard's moments to the host. */
    void fetch() {
        Gpu gpu = launcher.gpu();
        for (Moments own : moments) {
            gpu.download(own.m, own.in(own.first), own.bytes());
            gpu.download(own.v, own.in(own.second), own.bytes());
        }
    }

    /** Brings the host's moments to the device. */
    void store() {
        Gpu gpu = launcher.gpu();
        for (Moments own : moments) {
            gpu.upload(own.in(own.first), own.m, own.bytes());
            gpu.upload(own.in(own.second), own.v, own.bytes());
        }
        gpu.synchronize();
    }
}
