package org.medley.training.trainer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Collectives;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Gpus;
import org.medley.training.device.CpuDevice;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.gpu.GpuDevice;
import org.medley.training.gpu.GpuGroup;
import org.medley.training.precision.Precision;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.TrainRecipe;

/**
 * Where a student is to be trained.
 *
 * @param gpus the devices that there are; null for the processor
 * @param workers that have a device each; not used for the processor
 * @param rows that a pass has at most
 * @param plan what the run will hold; null for the processor
 */
record Place(Gpus gpus, int workers, int rows, MemoryPlan plan) {
    static final Place HOST = new Place(null, 0, 0, null);

    /** On the GPUs that a recipe is for, if what it trains can be trained there. */
    static Place onGpu(TrainRecipe recipe, Path file, ObjectNode config, MemoryPlan plan, Gpus gpus) {
        for (String name : Trainable.shapes(file, config).keySet()) {
            if (name.contains(".experts.")) {
                throw new BadRecipeException("device is gpu, which does not train mixtures of experts, as a model with "
                        + name + " is; set device: cpu");
            }
        }
        return new Place(gpus, recipe.exchange().workers(), recipe.microTokens(), plan);
    }

    /** Whether masters and what the network uses of them are one memory on the host. */
    boolean shares(Precision precision) {
        return gpus != null || precision.isFull();
    }

    TrainingDevice device(TrainedWeights weights, Precision precision, long seed, Arena arena) {
        if (gpus == null) {
            return new CpuDevice(weights, precision, seed, arena);
        }
        List<Gpu> opened = new ArrayList<>();
        List<Runnable> undo = new ArrayList<>();
        try {
            for (int number = 0; number < workers; number++) {
                Gpu gpu = open(number);
                undo.addFirst(gpu::close);
                opened.add(gpu);
                plan.check(gpu.properties());
            }
            if (workers == 1) {
                return new GpuDevice(opened.getFirst(), weights, precision, rows, plan.results());
            }
            Collectives collectives = gpus.among(opened);
            undo.addFirst(collectives::close);
            return new GpuGroup(opened, collectives, weights, precision, rows, plan.results());
        } catch (RuntimeException | Error e) {
            Closing.after(e, undo.toArray(Runnable[]::new));
            throw e;
        }
    }

    private Gpu open(int number) {
        try {
            return gpus.open(number);
        } catch (IllegalStateException e) {
            if (number == 0) {
                throw e;
            }
            throw new BadRecipeException("exchange.workers is " + workers + ", each on a GPU of its own, and of those "
                    + number + (number == 1 ? " is" : " are") + " to be had: " + e.getMessage());
        }
    }
}
