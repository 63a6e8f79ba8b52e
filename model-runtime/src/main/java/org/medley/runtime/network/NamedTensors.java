package org.medley.runtime.network;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;

/** A model's tensors, each asked for by its name and with the shape that the configuration gives it. */
final class NamedTensors {
    private final Path file;
    private final Map<String, Tensor> tensors;
    private final Map<String, Tensor> matrices = new LinkedHashMap<>();
    private final Map<String, Tensor> all = new LinkedHashMap<>();
    private final boolean wanted;

    /** @param file to name in messages */
    NamedTensors(Path file, Map<String, Tensor> tensors) {
        this(file, tensors, false);
    }

    private NamedTensors(Path file, Map<String, Tensor> tensors, boolean wanted) {
        this.file = file;
        this.tensors = tensors;
        this.wanted = wanted;
    }

    /** Gives whatever is asked for, vectors of zeros and matrices without memory, to learn what a network consists of. */
    static NamedTensors wanted(Path file) {
        return new NamedTensors(file, Map.of(), true);
    }

    boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** A table of which rows are picked. */
    Tensor table(String name, int rows, int cols) {
        return of(name, rows, cols);
    }

    /** A matrix that activations are multiplied with. */
    Tensor matrix(String name, int rows, int cols) {
        Tensor matrix = of(name, rows, cols);
        matrices.put(name, matrix);
        return matrix;
    }

    Tensor vector(String name, int size) {
        return of(name, size);
    }

    /** @param name before {@code .weight} and {@code .bias} */
    Dense dense(String name, int rows, int cols, boolean bias) {
        return new Dense(matrix(name + ".weight", rows, cols), bias ? vector(name + ".bias", rows) : null);
    }

    /** A linear layer that the checkpoint holds several of in one, taken apart by views. */
    List<Dense> parts(String name, int cols, boolean bias, int... rows) {
        int all = Arrays.stream(rows).sum();
        Tensor weight = of(name + ".weight", all, cols);
        Tensor shift = bias ? vector(name + ".bias", all) : null;
        List<Dense> parts = new ArrayList<>();
        int from = 0;
        for (int count : rows) {
            Tensor part = weight.slice(from, count);
            matrices.put(name + ".weight[" + from + ":" + (from + count) + "]", part);
            parts.add(new Dense(part, bias ? shift.range(from, count) : null));
            from += count;
        }
        return parts;
    }

    /** Checkpoints from before 2019 call weight and bias gamma and beta. */
    LayerNorm layerNorm(String name, int size, boolean bias, float epsilon) {
        boolean old = has(name + ".gamma");
        Tensor weight = vector(name + (old ? ".gamma" : ".weight"), size);
        return new LayerNorm(weight, bias ? vector(name + (old ? ".beta" : ".bias"), size) : null, epsilon);
    }

    /** All matrices that were asked for, by name. */
    Map<String, Tensor> matrices() {
        return Collections.unmodifiableMap(matrices);
    }

    /** Every tensor that was asked for, by name and in that order. */
    Map<String, Tensor> all() {
        return Collections.unmodifiableMap(all);
    }

    /** Says what is used in a tensor's place. */
    Tensor replaced(String name, Tensor tensor) {
        all.put(name, tensor);
        return tensor;
    }

    private Tensor of(String name, int... shape) {
        Tensor tensor = wanted ? without(shape) : tensors.get(name);
        all.put(name, tensor);
        if (tensor == null || !Arrays.equals(tensor.shape(), shape)) {
            throw new BadModelException(
                    file,
                    "tensor " + name + " is " + (tensor == null ? "missing" : tensor) + "; it must be "
                            + Arrays.toString(shape));
        }
        return tensor;
    }

    private static Tensor without(int... shape) {
        return shape.length == 1 ? Tensor.zeros(Arena.ofAuto(), shape) : Tensor.planned(shape);
    }
}
