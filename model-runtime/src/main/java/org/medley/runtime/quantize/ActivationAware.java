package org.medley.runtime.quantize;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.Formats;

/**
 * Makes columns that large activations meet larger before they are rounded, and what comes before them smaller by as
 * much, so that the product is the same and its rounding errors fall where they matter less (AWQ, Lin et al. 2024,
 * sec. 3.2). The strength is searched for: column factors are the mean activations to the power α that leaves the least
 * error on rows the model has seen.
 */
final class ActivationAware {
    private static final int STEPS = 10;
    private static final float LEAST = 1e-4f;

    private final Map<String, Tensor> tensors;
    private final Map<String, Tensor> originals;
    private final Activations activations;
    private final DType dtype;
    private final Arena arena;

    /**
     * @param tensors F32 by name, of a Llama-like checkpoint; replaced in place
     * @param originals the matrices that {@code activations} were seen at
     */
    ActivationAware(
            Map<String, Tensor> tensors,
            Map<String, Tensor> originals,
            Activations activations,
            DType dtype,
            Arena arena) {
        this.tensors = tensors;
        this.originals = originals;
        this.activations = activations;
        this.dtype = dtype;
        this.arena = arena;
    }

    /** Whether the layers are where they are looked for. */
    static boolean fits(Map<String, Tensor> tensors) {
        return tensors.containsKey("model.layers.0.self_attn.q_proj.weight")
                && tensors.containsKey("model.layers.0.mlp.gate_proj.weight")
                && !tensors.containsKey("model.layers.0.pre_feedforward_layernorm.weight");
    }

    /** @return mean α over the groups of matrices */
    double apply(int layers) {
        double sum = 0;
        int groups = 0;
        for (int i = 0; i < layers; i++) {
            String p = "model.layers." + i + ".";
            sum += group(p + "input_layernorm.weight", false, p + "self_attn.", "q_proj", "k_proj", "v_proj");
            sum += group(p + "post_attention_layernorm.weight", false, p + "mlp.", "gate_proj", "up_proj");
            // What down is given is linear in up: a row of up smaller is an element of it smaller.
            sum += group(p + "mlp.up_proj.weight", true, p + "mlp.", "down_proj");
            groups += 3;
        }
        return sum / groups;
    }

    private double group(String before, boolean rowsOfMatrix, String prefix, String... stems) {
        List<String> names = new ArrayList<>();
        for (String stem : stems) {
            names.add(prefix + stem + ".weight");
        }
        Activations.Seen seen = activations.of(originals.get(names.getFirst()));
        if (seen == null) {
            return 0;
        }
        double bestError = Double.MAX_VALUE;
        int best = 0;
        for (int step = 0; step <= STEPS; step++) {
            float[] factors = factors(
                    seen, step / (double) STEPS, tensors.get(names.getFirst()).cols());
            double error = 0;
            for (String name : names) {
                error += error(tensors.get(name), factors, seen.rows());
            }
            if (error < bestError) {
                bestError = error;
                best = step;
            }
        }
        if (best > 0) {
            float[] factors = factors(
                    seen, best / (double) STEPS, tensors.get(names.getFirst()).cols());
            names.forEach(name -> tensors.put(name, columns(tensors.get(name), factors)));
            tensors.put(before, divided(tensors.get(before), factors, rowsOfMatrix));
        }
        return best / (double) STEPS;
    }

    /** Mean activations to the power α, about 1 in the geometric mean. */
    private static float[] factors(Activations.Seen seen, double alpha, int cols) {
        float[] factors = new float[cols];
        double logs = 0;
        for (int j = 0; j < cols; j++) {
            factors[j] = (float) Math.pow(Math.max(LEAST, seen.mean(j)), alpha);
            logs += Math.log(factors[j]);
        }
        float middle = (float) Math.exp(logs / cols);
        for (int j = 0; j < cols; j++) {
            factors[j] /= middle;
        }
        return factors;
    }

    /** Squared error of the products with rows seen, when the matrix is rounded with its columns so scaled. */
    private double error(Tensor matrix, float[] factors, List<float[]> rows) {
        try (Arena scratch = Arena.ofShared()) {
            int cols = matrix.cols();
            // A sample of the outputs tells as much as all of them.
            int stride = Math.max(1, matrix.rows() / 128);
            double error = 0;
            for (int i = 0; i < matrix.rows(); i += stride) {
                float[] exact = matrix.slice(i, 1).toArray();
                float[] scaled = exact.clone();
                for (int j = 0; j < cols; j++) {
                    scaled[j] *= factors[j];
                }
                Tensor row = Tensor.of(scratch, scaled, 1, cols);
                float[] rounded = (dtype == DType.F8_E4M3
                                ? Formats.toFp8Blocks(row, scratch)
                                : Formats.convert(row, dtype, scratch))
                        .toArray();
                for (float[] x : rows) {
                    double off = 0;
                    for (int j = 0; j < cols; j++) {
                        off += x[j] * (rounded[j] / factors[j] - exact[j]);
                    }
                    error += off * off;
                }
            }
            return error;
        }
    }

    private Tensor columns(Tensor matrix, float[] factors) {
        float[] values = matrix.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors[i % factors.length];
        }
        return Tensor.of(arena, values, matrix.shape());
    }

    /** A norm's elements, or a matrix's rows, divided. */
    private Tensor divided(Tensor tensor, float[] factors, boolean rows) {
        float[] values = tensor.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] /= factors[rows ? i / tensor.cols() : i];
        }
        return Tensor.of(arena, values, tensor.shape());
    }
}
