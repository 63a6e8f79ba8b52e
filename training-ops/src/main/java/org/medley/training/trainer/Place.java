package org.medley.training.trainer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.training.device.CpuDevice;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.gpu.GpuDevice;
import org.medley.training.precision.Precision;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.TrainRecipe;

/**
 * Where a student is to be trained.
 *
 * @param gpu opens the device; null for the processor
 * @param rows that a pass has at most
 * @param plan what the run will hold; null for the processor
 */
record Place(Supplier<Gpu> gpu, int rows, MemoryPlan plan) {
    static final Place HOST = new Place(null, 0, null);

    /** On the GPU that a recipe is for, if what it trains can be trained there. */
    static Place onGpu(TrainRecipe recipe, Path file, ObjectNode config, MemoryPlan plan, Supplier<Gpu> gpu) {
        for (String name : Trainable.shapes(file, config).keySet()) {
            if (name.contains(".experts.")) {
                throw new BadRecipeException("device is gpu, which does not train mixtures of experts, as a model with "
                        + name + " is; set device: cpu");
            }
        }
        return new Place(gpu, recipe.microTokens(), plan);
    }

    /** Whether masters and what the network uses of them are one memory on the host. */
    boolean shares(Precision precision) {
        return gpu != null || precision.isFull();
    }

    TrainingDevice device(TrainedWeights weights, Precision precision, long seed, Arena arena) {
        if (gpu == null) {
            return new CpuDevice(weights, precision, seed, arena);
        }
        Gpu opened = gpu.get();
        try {
            plan.check(opened.properties());
            return new GpuDevice(opened, weights, precision, rows, plan.results());
        } catch (RuntimeException | Error e) {
            Closing.after(e, opened::close);
            throw e;
        }
    }
}
