package org.medley.training.device;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;
import org.medley.training.optimizer.GradientNorm;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.precision.Emulation;
import org.medley.training.precision.Precision;

/** Training on the processor, whose memory is the host's: lower precision is emulated there. */
public final class CpuDevice implements TrainingDevice {
    private final TrainedWeights weights;
    private final Arena arena;
    private final boolean full;
    private final Emulation emulation;
    private final Workspace workspace = new Workspace();
    private final Ops forward;
    private final BackwardOps backward;

    /**
     * @param seed of what is rounded at random
     * @param arena how long gradients live
     */
    public CpuDevice(TrainedWeights weights, Precision precision, long seed, Arena arena) {
        this.weights = weights;
        this.arena = arena;
        this.full = precision.isFull();
        this.emulation = new Emulation(precision, weights.products(), seed);
        this.forward = emulation.forward(new CpuOps(workspace));
        this.backward = emulation.backward(new CpuBackwardOps(workspace));
        if (weights.frozen() && !full) {
            emulation.round(weights.network(), weights.network());
        }
        changed();
    }

    @Override
    public Ops forward() {
        return forward;
    }

    @Override
    public BackwardOps backward() {
        return backward;
    }

    @Override
    public Map<String, Tensor> gradients(Map<String, Tensor> like) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        like.forEach((name, tensor) -> gradients.put(name, Tensor.zeros(arena, tensor.shape())));
        return gradients;
    }

    @Override
    public Optimizer optimizer(Settings settings, List<Parameter> parameters, States states) {
        return Optimizers.make(settings, parameters, states);
    }

    @Override
    public double norm(Map<String, Tensor> gradients) {
        return GradientNorm.of(gradients);
    }

    @Override
    public void begin(int step) {
        emulation.step(step);
    }

    @Override
    public void zero(Tensor gradient) {
        gradient.fillZero();
    }

    @Override
    public void pass(Batch batch) {
        workspace.reset();
    }

    @Override
    public void changed() {
        if (!full) {
            emulation.round(weights.masters(), weights.used());
        }
    }

    @Override
    public void fetch() {}

    @Override
    public void store() {
        changed();
    }

    @Override
    public float[] read(Tensor tensor) {
        return tensor.toArray();
    }

    @Override
    public Ops serving(Ops ops, Workspace room) {
        return full
                ? ops
                : new Tape(emulation.forward(ops), emulation.backward(new CpuBackwardOps(room)), Map.of(), false);
    }

    @Override
    public long workspaceBytes() {
        return workspace.capacity();
    }

    @Override
    public void close() {
        emulation.close();
        workspace.close();
    }
}
