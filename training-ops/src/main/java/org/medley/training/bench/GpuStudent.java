package org.medley.training.bench;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.autograd.Tape;
import org.medley.training.data.Packed;
import org.medley.training.device.TrainedWeights;
import org.medley.training.gpu.GpuDevice;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.States;
import org.medley.training.precision.Precision;

/** A decoder that is trained on a GPU as a run trains it. */
final class GpuStudent implements AutoCloseable {
    private static final float DEVIATION = 0.02f;
    private static final int DRAWN = 1 << 16;

    private final Arena arena = Arena.ofShared();
    private final Trainable model;
    private final GpuDevice device;
    private final Map<String, Tensor> gradients;
    private final Tape tape;
    private final Optimizer optimizer;
    private int steps;

    /** @param gpu closed with this */
    GpuStudent(Gpu gpu, Shape shape, Precision precision, long seed) {
        Runnable opened = gpu::close;
        try {
            Map<String, Tensor> stored = new LinkedHashMap<>();
            Path place = Path.of("config.json");
            float[] drawn = drawn(seed);
            Trainable.shapes(place, shape.config())
                    .forEach((name, extents) -> stored.put(name, filled(Tensor.zeros(arena, extents), drawn)));
            model = Trainable.of(place, shape.config(), stored, arena, shape.sequence());
            Map<String, Tensor> weights = model.parameters();
            device = new GpuDevice(
                    gpu,
                    new TrainedWeights(weights, weights, weights, TrainedWeights.products(weights)),
                    precision,
                    shape.tokens(),
                    0);
            opened = device::close;
            gradients = device.gradients(weights);
            Map<Tensor, Tensor> trained = new IdentityHashMap<>();
            List<Parameter> parameters = new ArrayList<>();
            weights.forEach((name, tensor) -> {
                trained.put(tensor, gradients.get(name));
                parameters.add(new Parameter(name, tensor, tensor.shape().length == 1 ? 0 : 1));
            });
            tape = new Tape(device.forward(), device.backward(), trained, false);
            optimizer = device.optimizer(Recipe.SETTINGS, parameters, States.in(arena));
        } catch (RuntimeException | Error e) {
            Closing.after(e, opened, arena::close);
            throw e;
        }
    }

    private static float[] drawn(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] drawn = new float[DRAWN];
        for (int i = 0; i < DRAWN; i++) {
            drawn[i] = (float) random.nextGaussian() * DEVIATION;
        }
        return drawn;
    }

    /** Norms are 1. Numbers of matrices are picked from those drawn: a normal number for each would take minutes. */
    private static Tensor filled(Tensor tensor, float[] drawn) {
        long size = tensor.size();
        boolean norm = tensor.shape().length == 1;
        Workers.run(Math.toIntExact(Math.ceilDiv(size, DRAWN)), chunk -> {
            SplittableRandom random = new SplittableRandom(31L * chunk + size);
            for (long i = (long) chunk * DRAWN; i < Math.min(size, (chunk + 1L) * DRAWN); i++) {
                Memory.f32(tensor.address() + 4 * i, norm ? 1 : drawn[random.nextInt() & DRAWN - 1]);
            }
        });
        return tensor;
    }

    /** @return the mean loss before the step */
    double step(Packed data) {
        gradients.values().forEach(device::zero);
        device.pass(data.batch());
        Tensor hidden = model.network().hidden(tape, data.batch());
        float[] weights = new float[data.rows().length];
        Arrays.fill(weights, 1f / weights.length);
        float[] losses = tape.backward(model.network(), hidden, data.rows(), data.targets(), weights);
        float clip = (float) Math.min(1, Recipe.CLIP / device.norm(gradients));
        optimizer.step(gradients, ++steps, Recipe.RATE, clip);
        device.changed();
        device.await();
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }

    /** Of the device's memory. */
    long bytes() {
        return device.heldBytes();
    }

    @Override
    public void close() {
        Closing.all(device::close, arena::close);
    }
}
