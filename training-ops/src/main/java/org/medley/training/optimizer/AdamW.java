package org.medley.training.optimizer;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). Two F32 states per parameter. Matrices
 * decay; vectors (norms, biases) do not.
 */
public final class AdamW {
    /** Ranges: betas in [0, 1), epsilon and weightDecay ≥ 0. */
    public record Settings(float beta1, float beta2, float epsilon, float weightDecay) {}

    private final Settings settings;
    private final Map<String, Tensor> first = new LinkedHashMap<>();
    private final Map<String, Tensor> second = new LinkedHashMap<>();

    public AdamW(Settings settings, Map<String, Tensor> parameters, Arena arena) {
        this.settings = settings;
        parameters.forEach((name, tensor) -> {
            first.put(name, Tensor.zeros(arena, tensor.shape()));
            second.put(name, Tensor.zeros(arena, tensor.shape()));
        });
    }

    /** The states by parameter name, for checkpoints: {@code m.NAME} and {@code v.NAME}. */
    public Map<String, Tensor> states() {
        Map<String, Tensor> states = new LinkedHashMap<>();
        first.forEach((name, tensor) -> states.put("m." + name, tensor));
        second.forEach((name, tensor) -> states.put("v." + name, tensor));
        return states;
    }

    /**
     * One update.
     *
     * @param step counted from 1, for the bias correction
     * @param gradientScale what gradients are multiplied by first, as clipping asks
     */
    public void step(
            Map<String, Tensor> parameters,
            Map<String, Tensor> gradients,
            int step,
            float learningRate,
            float gradientScale) {
        float correction1 = (float) (1 - Math.pow(settings.beta1, step));
        float correction2 = (float) (1 - Math.pow(settings.beta2, step));
        parameters.forEach((name, parameter) -> {
            long p = parameter.address();
            long g = gradients.get(name).address();
            long m = first.get(name).address();
            long v = second.get(name).address();
            float keep = 1 - (parameter.shape().length > 1 ? learningRate * settings.weightDecay : 0);
            Workers.ranges(Math.toIntExact(parameter.size()), 16_384, (from, to) -> {
                for (int i = from; i < to; i++) {
                    long at = 4L * i;
                    float gradient = Memory.f32(g + at) * gradientScale;
                    float mean = settings.beta1 * Memory.f32(m + at) + (1 - settings.beta1) * gradient;
                    float square = settings.beta2 * Memory.f32(v + at) + (1 - settings.beta2) * gradient * gradient;
                    Memory.f32(m + at, mean);
                    Memory.f32(v + at, square);
                    float direction = mean / correction1 / ((float) Math.sqrt(square / correction2) + settings.epsilon);
                    Memory.f32(p + at, Memory.f32(p + at) * keep - learningRate * direction);
                }
            });
        });
    }

    /** The Euclidean norm over all gradients. */
    public static double norm(Map<String, Tensor> gradients) {
        double sum = 0;
        for (Tensor gradient : gradients.values()) {
            int size = Math.toIntExact(gradient.size());
            // Partial sums over fixed chunks: the result does not depend on the number of threads.
            int chunks = (size + 65_535) / 65_536;
            double[] partial = new double[chunks];
            Workers.run(chunks, chunk -> {
                double local = 0;
                for (int i = chunk * 65_536; i < Math.min(size, (chunk + 1) * 65_536); i++) {
                    double value = Memory.f32(gradient.address() + 4L * i);
                    local += value * value;
                }
                partial[chunk] = local;
            });
            for (double value : partial) {
                sum += value;
            }
        }
        return Math.sqrt(sum);
    }
}
