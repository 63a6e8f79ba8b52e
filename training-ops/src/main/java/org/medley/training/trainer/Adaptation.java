package org.medley.training.trainer;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.recipe.AdapterSection;
import org.medley.training.recipe.BadRecipeException;

/**
 * Low-rank additions to a frozen model's matrices: {@code W + s·B·A} (Hu et al. 2022), and with DoRA the length m of
 * each of its rows apart: {@code m / ‖W + s·B·A‖ · (W + s·B·A)}, the norm taken as a constant on the way back (Liu et al.
 * 2024, sec. 4.3).
 */
final class Adaptation {
    private static final int ROW_GRAIN = 16;
    private static final ThreadLocal<Scratch> SCRATCH = Scratch.perThread();

    private final float scale;
    private final List<Part> parts = new ArrayList<>();
    private final Map<Tensor, Part> byMatrix = new IdentityHashMap<>();

    /**
     * One matrix's addition.
     *
     * @param name of the matrix, without {@code .weight}
     * @param a [rank, in], normal at first
     * @param b [out, rank], zero at first
     * @param magnitude [out], m, at first the norms of W's rows; null with LoRA
     * @param gain [out], m divided by the norms of W + s·B·A, which is what rows are multiplied by; null with LoRA
     * @param norms [out], those norms
     */
    private record Part(String name, Tensor matrix, Tensor a, Tensor b, Tensor magnitude, Tensor gain, Tensor norms) {
        String aName() {
            return "base_model.model." + name + ".lora_A.weight";
        }

        String bName() {
            return "base_model.model." + name + ".lora_B.weight";
        }

        String magnitudeName() {
            return "base_model.model." + name + ".lora_magnitude_vector";
        }
    }

    Adaptation(AdapterSection section, Trainable model, long seed, Arena arena) {
        this(section);
        SplittableRandom random = new SplittableRandom(seed ^ 0x5bd1e995L);
        boolean dora = section.kind() == AdapterSection.Kind.dora;
        chosen(section, model).forEach((name, matrix) -> add(name, matrix, section.rank(), dora, random, arena));
    }

    private static Map<String, Tensor> chosen(AdapterSection section, Trainable model) {
        Map<String, Tensor> chosen = new LinkedHashMap<>();
        model.network().matrices().forEach((name, matrix) -> {
            if (section.targets().stream()
                    .anyMatch(t -> name.matches(".*\\.(self_attn|mlp)\\." + t + "_proj\\.weight"))) {
                chosen.put(name, matrix);
            }
        });
        if (chosen.isEmpty()) {
            throw new BadRecipeException("adapter.targets " + section.targets()
                    + " name no matrix of this model; a mixture's experts cannot be adapted, its attention can");
        }
        return chosen;
    }

    /** One without memory, to plan with. */
    static Adaptation planned(AdapterSection section, Trainable model) {
        Adaptation adaptation = new Adaptation(section);
        boolean dora = section.kind() == AdapterSection.Kind.dora;
        chosen(section, model).forEach((name, matrix) -> {
            Tensor rows = dora ? Tensor.planned(matrix.rows()) : null;
            Tensor a = Tensor.planned(section.rank(), matrix.cols());
            Tensor b = Tensor.planned(matrix.rows(), section.rank());
            adaptation.put(new Part(plain(name), matrix, a, b, rows, rows, rows));
        });
        return adaptation;
    }

    private Adaptation(AdapterSection section) {
        this.scale = (float) (section.alpha() / section.rank());
    }

    private static String plain(String name) {
        return name.substring(0, name.length() - ".weight".length());
    }

    private void put(Part part) {
        parts.add(part);
        byMatrix.put(part.matrix, part);
    }

    private void add(String name, Tensor matrix, int rank, boolean dora, SplittableRandom random, Arena arena) {
        float[] values = new float[rank * matrix.cols()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(matrix.cols()));
        }
        Part part = new Part(
                plain(name),
                matrix,
                Tensor.of(arena, values, rank, matrix.cols()),
                Tensor.zeros(arena, matrix.rows(), rank),
                dora ? Tensor.zeros(arena, matrix.rows()) : null,
                dora ? Tensor.zeros(arena, matrix.rows()) : null,
                dora ? Tensor.zeros(arena, matrix.rows()) : null);
        if (dora) {
            norms(matrix, part.a, part.b, part.magnitude);
        }
        put(part);
    }

    /** Norms of the rows of W + s·B·A. */
    private void norms(Tensor matrix, Tensor a, Tensor b, Tensor norms) {
        int cols = matrix.cols();
        Workers.ranges(matrix.rows(), ROW_GRAIN, (from, to) -> {
            long row = SCRATCH.get().floats(cols);
            for (int i = from; i < to; i++) {
                sum(matrix, a, b, i, row);
                double norm = Math.sqrt(RowKernels.dot(row, row, cols));
                Memory.f32(norms.address() + 4L * i, (float) norm);
            }
        });
    }

    private void sum(Tensor matrix, Tensor a, Tensor b, int row, long to) {
        Memory.copy(matrix.row(row), to, 4L * matrix.cols());
        for (int r = 0; r < a.rows(); r++) {
            RowKernels.axpy(scale * Memory.f32(b.row(row) + 4L * r), a.row(r), to, matrix.cols());
        }
    }

    /** What is trained, by PEFT's names. */
    Map<String, Tensor> masters() {
        return named(Part::magnitude);
    }

    /** The same as the network uses it: the gain in the place of the magnitude. */
    Map<String, Tensor> used() {
        return named(Part::gain);
    }

    private Map<String, Tensor> named(Function<Part, Tensor> length) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        for (Part part : parts) {
            named.put(part.aName(), part.a);
            named.put(part.bName(), part.b);
            if (part.magnitude != null) {
                named.put(part.magnitudeName(), length.apply(part));
            }
        }
        return named;
    }

    /** The masters were changed, and what the network uses of A and B with them: works out the gains. */
    void changed(Map<String, Tensor> masters) {
        for (Part part : parts) {
            if (part.magnitude != null) {
                norms(part.matrix, part.a, part.b, part.norms);
                Tensor magnitude = masters.get(part.magnitudeName());
                for (int i = 0; i < part.gain.cols(); i++) {
                    Memory.f32(part.gain.address() + 4L * i, magnitude.get(i) / part.norms.get(i));
                }
            }
        }
    }

    /** Gradients by gains become gradients by magnitudes. */
    void finish(Map<String, Tensor> gradients) {
        for (Part part : parts) {
            if (part.magnitude != null) {
                Tensor gradient = gradients.get(part.magnitudeName());
                for (int i = 0; i < gradient.cols(); i++) {
                    Memory.f32(gradient.address() + 4L * i, gradient.get(i) / part.norms.get(i));
                }
            }
        }
    }

    /**
     * Puts the additions into a model of the same shape.
     *
     * @param values of what is trained, by name
     */
    void mergeInto(Trainable model, Map<String, Tensor> values) {
        Map<String, Tensor> matrices = model.network().matrices();
        for (Part part : parts) {
            Tensor matrix = matrices.get(part.name + ".weight");
            Tensor a = values.get(part.aName());
            Tensor b = values.get(part.bName());
            Tensor magnitude = values.get(part.magnitudeName());
            int cols = matrix.cols();
            Workers.ranges(matrix.rows(), ROW_GRAIN, (from, to) -> {
                long row = SCRATCH.get().floats(cols);
                for (int i = from; i < to; i++) {
                    sum(matrix, a, b, i, row);
                    if (magnitude != null) {
                        double norm = Math.sqrt(RowKernels.dot(row, row, cols));
                        RowKernels.scale(row, cols, (float) (magnitude.get(i) / norm));
                    }
                    Memory.copy(row, matrix.row(i), 4L * cols);
                }
            });
        }
    }

    /** Ops in which the adapted matrices have their additions. */
    Ops over(Ops base) {
        return new Adapted(base);
    }

    private final class Adapted extends ForwardingOps {
        private final Ops base;

        Adapted(Ops base) {
            super(base);
            this.base = base;
        }

        @Override
        public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
            Part part = byMatrix.get(weight);
            if (part == null) {
                return base.linear(x, weight, bias);
            }
            Tensor more = base.scale(base.linear(base.linear(x, part.a, null), part.b, null), scale);
            return part.magnitude == null
                    ? base.add(base.linear(x, weight, bias), more)
                    : base.columns(base.add(base.linear(x, weight, null), more), part.gain, bias);
        }

        @Override
        public Sum block(Sum in, Block inside) {
            return base.block(in, (ops, sum) -> inside.apply(new Adapted(ops), sum));
        }
    }
}
