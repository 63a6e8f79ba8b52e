package org.medley.training.bench;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;
import org.medley.training.data.Packed;
import org.medley.training.optimizer.GradientNorm;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.States;

/** Training as a run does it in F32: the tape, the norm of the gradients, AdamW. */
final class Medley implements Contestant {
    private final Arena arena = Arena.ofShared();
    private final Workspace workspace = new Workspace();
    private final Trainable model;
    private final Map<String, Tensor> gradients = new LinkedHashMap<>();
    private final Map<Tensor, Tensor> trained = new IdentityHashMap<>();
    private final Optimizer optimizer;
    private int steps;

    Medley(Shape shape, Map<String, float[]> weights) {
        Map<String, Tensor> stored = new LinkedHashMap<>();
        Path place = Path.of("config.json");
        Trainable.shapes(place, shape.config())
                .forEach((name, extents) -> stored.put(name, Tensor.of(arena, weights.get(name), extents)));
        model = Trainable.of(place, shape.config(), stored, arena, shape.sequence());
        List<Parameter> parameters = new ArrayList<>();
        model.parameters().forEach((name, tensor) -> {
            gradients.put(name, Tensor.zeros(arena, tensor.shape()));
            trained.put(tensor, gradients.get(name));
            parameters.add(new Parameter(name, tensor, tensor.shape().length == 1 ? 0 : 1));
        });
        optimizer = Optimizers.make(Recipe.SETTINGS, parameters, States.in(arena));
    }

    @Override
    public String name() {
        return "Medley";
    }

    @Override
    public double step(Packed data, Times times) {
        workspace.reset();
        times.of("backward", "zeroing", () -> gradients.values().forEach(Tensor::fillZero));
        Tape tape = new Tape(
                new TimedOps(new CpuOps(workspace), times),
                new TimedBackwardOps(new CpuBackwardOps(workspace), times),
                trained,
                false);
        Tensor hidden = model.network().hidden(tape, data.batch());
        float[] weights = new float[data.rows().length];
        Arrays.fill(weights, 1f / weights.length);
        float[] losses = tape.backward(model.network(), hidden, data.rows(), data.targets(), weights);
        double norm = times.of("optimizer", "norm of gradients", () -> GradientNorm.of(gradients));
        float clip = (float) Math.min(1, Recipe.CLIP / norm);
        times.of("optimizer", "AdamW", () -> optimizer.step(gradients, ++steps, Recipe.RATE, clip));
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }

    @Override
    public void close() {
        workspace.close();
        arena.close();
    }
}
