package org.medley.training.trainer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.medley.runtime.network.Network;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.autograd.PlannedBackwardOps;
import org.medley.training.autograd.PlannedMemory;
import org.medley.training.autograd.PlannedOps;
import org.medley.training.autograd.Tape;
import org.medley.training.gpu.GpuDevice;
import org.medley.training.gpu.GpuGroup;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.TrainRecipe;

/**
 * What a run will hold, worked out before anything of it is allocated. A step's activations are those that a tape over
 * ops without memory asks for.
 *
 * @param bytes by what they are for, on each device
 * @param devices that hold as much each
 * @param host what this machine's own memory holds; for the processor the same as {@code bytes}
 */
record MemoryPlan(Map<String, Long> bytes, int devices, Map<String, Long> host) {
    /** Beside a run's own memory: the heap, code, mapped data. */
    private static final long ELSE = 512L << 20;

    private static final String RESULTS = "activations";

    static MemoryPlan of(TrainRecipe recipe, Path file, ObjectNode config) {
        Map<String, Tensor> stored = new LinkedHashMap<>();
        try (Arena arena = Arena.ofShared()) {
            Trainable.shapes(file, config)
                    .forEach((name, shape) ->
                            stored.put(name, shape.length == 1 ? Tensor.zeros(arena, shape) : Tensor.planned(shape)));
            Trainable model = Trainable.of(file, config, stored, arena, recipe.sequence());
            return of(recipe, model);
        }
    }

    private static MemoryPlan of(TrainRecipe recipe, Trainable model) {
        long weights = size(model.parameters().values());
        Adaptation adaptation = recipe.adapter() == null ? null : Adaptation.planned(recipe.adapter(), model);
        Map<String, Tensor> trained = adaptation == null ? model.parameters() : adaptation.used();
        long masters = size(trained.values());
        boolean full = recipe.precision().precision().isFull();
        long states = Optimizers.bytes(
                recipe.optimizer().settings(), Student.parameters(trained, model, recipe.adapter() != null));
        long averaged = recipe.average() > 0 ? masters : 0;
        if (recipe.device() == TrainRecipe.Device.gpu) {
            return onGpu(recipe, model, adaptation, trained, states);
        }
        Map<String, Long> bytes = new LinkedHashMap<>();
        bytes.put("weights", weights + (recipe.adapter() == null ? 0 : masters));
        if (!full) {
            bytes.put("master weights", masters);
        }
        bytes.put("gradients", masters * recipe.exchange().workers());
        bytes.put("optimizer " + recipe.optimizer().method(), states);
        if (averaged > 0) {
            bytes.put("averaged weights", averaged);
        }
        bytes.put(RESULTS, activations(recipe, model, adaptation, trained));
        bytes.put("checkpoint", masters + states + averaged);
        if (recipe.reinforce() != null && !recipe.reinforce().fromPairs()) {
            bytes.put("engine", weights);
        }
        return new MemoryPlan(bytes, 1, bytes);
    }

    /**
     * Of a GPU's own memory; the host holds copies of what a checkpoint keeps, twice while one is written. Of several
     * each has the states of a shard, and the masters of one unless the network uses masters themselves.
     */
    private static MemoryPlan onGpu(
            TrainRecipe recipe, Trainable model, Adaptation adaptation, Map<String, Tensor> trained, long states) {
        long masters = size(trained.values());
        int devices = recipe.exchange().workers();
        boolean full = recipe.precision().precision().isFull();
        Map<String, Long> bytes = new LinkedHashMap<>();
        long network = size(model.parameters().values());
        bytes.put("master weights", full ? masters : Math.ceilDiv(masters, devices));
        if (!full) {
            // Two bytes of BF16, or codes that lie both ways.
            bytes.put("weights", (network + (recipe.adapter() == null ? 0 : masters)) / 2);
        } else if (recipe.adapter() != null) {
            bytes.put("weights", network);
        }
        bytes.put("gradients", masters);
        bytes.put("optimizer " + recipe.optimizer().method(), Math.ceilDiv(states, devices));
        // What devices exchange takes the place of a step's results.
        bytes.put(
                RESULTS,
                Math.max(activations(recipe, model, adaptation, trained), GpuGroup.exchanged(masters / 4, devices)));
        long widest = model.parameters().values().stream()
                .filter(tensor -> tensor.shape().length > 1)
                .mapToLong(tensor -> Math.max(tensor.rows(), tensor.cols()))
                .max()
                .orElse(0);
        bytes.put("operands of products", 8 * widest * recipe.microTokens());
        Map<String, Long> host = new LinkedHashMap<>();
        host.put("weights", network + (recipe.adapter() == null ? 0 : masters));
        host.put("optimizer " + recipe.optimizer().method(), states);
        host.put("checkpoint", masters + states);
        return new MemoryPlan(bytes, devices, host);
    }

    /** Bytes that the results of a pass take. */
    long results() {
        return bytes.get(RESULTS);
    }

    private static long size(Iterable<Tensor> tensors) {
        long bytes = 0;
        for (Tensor tensor : tensors) {
            bytes += 4 * tensor.size();
        }
        return bytes;
    }

    /** Of a pass of as many tokens as the recipe allows, all of them learned. */
    private static long activations(
            TrainRecipe recipe, Trainable model, Adaptation adaptation, Map<String, Tensor> trained) {
        List<Batch.Span> spans = new ArrayList<>();
        int rows = recipe.microTokens();
        for (int row = 0; row < rows; row += recipe.sequence()) {
            spans.add(new Batch.Span(row, Math.min(recipe.sequence(), rows - row)));
        }
        Batch batch = Batch.of(new int[rows], spans, null);
        int[] all = new int[rows];
        Arrays.setAll(all, i -> i);
        Map<Tensor, Tensor> gradients = new IdentityHashMap<>();
        trained.values().forEach(tensor -> gradients.put(tensor, Tensor.planned(tensor.shape())));
        PlannedMemory memory = new PlannedMemory();
        BackwardOps backward = recipe.device() == TrainRecipe.Device.gpu
                ? new PlannedBackwardOps(memory, GpuDevice.LOGITS_AT_ONCE)
                : new PlannedBackwardOps(memory);
        Tape tape = new Tape(new PlannedOps(memory), backward, gradients, recipe.recompute());
        Network network = model.network();
        Ops ops = adaptation == null ? tape : adaptation.over(tape);
        tape.backward(network, network.hidden(ops, batch), all, new int[rows], new float[rows]);
        return memory.peak();
    }

    long total() {
        return sum(bytes);
    }

    private static long sum(Map<String, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Refuses a run that would not fit this machine, and says what could be changed. */
    void check() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long has = system.getTotalMemorySize();
        if (sum(host) + ELSE > has) {
            String less = host.equals(bytes)
                    ? "A smaller microTokens or recompute: true takes less for activations; an adapter or optimizer"
                            + " method adamw8bit, adam_mini or galore less for gradients and states"
                    : "An adapter takes less for states";
            throw new BadRecipeException("needs " + gigabytes(sum(host)) + " of memory"
                    + (host.equals(bytes) ? ": " : " beside the GPU's: ") + parts(host) + "; this machine has "
                    + gigabytes(has) + ". " + less);
        }
    }

    /** The same for a GPU. */
    void check(Gpu.Properties gpu) {
        if (total() > gpu.memory()) {
            throw new BadRecipeException("needs " + this + "; " + gpu.name() + " has " + gigabytes(gpu.memory())
                    + ". A smaller microTokens or recompute: true takes less for activations; an adapter less for"
                    + " gradients and states");
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(
                Locale.ROOT,
                bytes < 1L << 30 ? "%.1f MB" : "%.2f GB",
                (double) bytes / (bytes < 1L << 30 ? 1 << 20 : 1 << 30));
    }

    @Override
    public String toString() {
        return gigabytes(total()) + " of memory" + (devices == 1 ? ": " : " on each of " + devices + " devices: ")
                + parts(bytes);
    }

    private static String parts(Map<String, Long> bytes) {
        return bytes.entrySet().stream()
                .map(e -> e.getKey() + " " + gigabytes(e.getValue()))
                .collect(Collectors.joining(", "));
    }
}
