package org.medley.training.optimizer;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * GaLore (Zhao et al. 2024): Adam on gradients projected to their leading singular directions on the shorter side. A
 * matrix of fewer rows than columns is projected from the left, others from the right. Moments stay as they are when
 * the projector is renewed, as published.
 */
final class GaLore implements Rule {
    private static final ThreadLocal<Scratch> PROJECTED = Scratch.perThread();

    private final Settings settings;
    private final Parameter parameter;
    private final int rows;
    private final int cols;
    private final boolean left;
    private final int rank;
    /** As rows. */
    private final Tensor directions;

    private final Tensor first;
    private final Tensor second;

    GaLore(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        rows = parameter.value().rows();
        cols = parameter.value().cols();
        left = rows < cols;
        rank = Math.min(settings.rank(), Math.min(rows, cols));
        int[] shape = left ? new int[] {rank, cols} : new int[] {rows, rank};
        directions = states.make("p." + parameter.name(), DType.F32, rank, Math.min(rows, cols));
        first = states.make("m." + parameter.name(), DType.F32, shape);
        second = states.make("v." + parameter.name(), DType.F32, shape);
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        Matrix g = Matrix.rowMajor(gradient.address(), cols);
        if ((pace.step() - 1) % settings.refresh() == 0) {
            Subspace.leading(
                    left ? g : g.transposed(), Math.min(rows, cols), Math.max(rows, cols), rank, directions.address());
        }
        Matrix p = Matrix.rowMajor(directions.address(), directions.cols());
        int size = Math.toIntExact(first.size());
        long projected = PROJECTED.get().floats(size);
        if (left) {
            Gemm.parallel(rank, cols, rows, p, g, projected, cols, false);
        } else {
            Gemm.parallel(rows, rank, cols, g, p.transposed(), projected, rank, false);
        }
        OptimizerKernels.Adam adam = AdamW.adam(settings, pace, pace.gradientScale());
        float factor = -pace.learningRate() * settings.scale();
        Workers.ranges(
                size,
                GRAIN,
                (from, to) -> OptimizerKernels.adamDirection(
                        projected, first.address(), second.address(), adam, factor, from, to));
        update(p, projected, AdamW.keep(settings, parameter, pace));
    }

    private void update(Matrix p, long step, float keep) {
        long value = parameter.value().address();
        Workers.ranges(parameter.size(), GRAIN, (from, to) -> RowKernels.scale(value + 4L * from, to - from, keep));
        if (left) {
            Gemm.parallel(rows, cols, rank, p.transposed(), Matrix.rowMajor(step, cols), value, cols, true);
        } else {
            Gemm.parallel(rows, cols, rank, Matrix.rowMajor(step, rank), p, value, cols, true);
        }
    }
}
