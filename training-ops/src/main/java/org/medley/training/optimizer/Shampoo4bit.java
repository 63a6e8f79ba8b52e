package org.medley.training.optimizer;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * 4-bit Shampoo (Wang et al. 2024, algorithm 3) before AdamW. Matrices are cut into blocks of nearly equal sides; each
 * block's gradient G becomes L^(-1/4)·G·R^(-1/4), brought back to G's norm. A step needs about six times a block in
 * scratch memory beside the states.
 */
final class Shampoo4bit implements Rule {
    private static final ThreadLocal<Scratch> GRADIENT = Scratch.perThread();
    private static final ThreadLocal<Scratch> PRODUCT = Scratch.perThread();

    /** Rows {@code [row, row + rows)} and columns {@code [col, col + cols)}, and where their states begin. */
    private record Block(int row, int rows, int col, int cols, int codes, int scales, int values) {}

    private final Settings settings;
    private final Parameter parameter;
    private final List<Block> blocks = new ArrayList<>();
    private final Tensor codes;
    private final Tensor scales;
    private final Tensor values;
    private final Tensor first;
    private final Tensor second;

    Shampoo4bit(Settings settings, Parameter parameter, States states) {
        this.settings = settings;
        this.parameter = parameter;
        int height = parameter.value().rows();
        int width = parameter.value().cols();
        int down = parts(height);
        int across = parts(width);
        int code = 0;
        int scale = 0;
        int value = 0;
        for (int i = 0; i < down * across; i++) {
            int row = cut(height, down, i / across);
            int rows = cut(height, down, i / across + 1) - row;
            int col = cut(width, across, i % across);
            int cols = cut(width, across, i % across + 1) - col;
            blocks.add(new Block(row, rows, col, cols, code, scale, value));
            code = Math.addExact(code, Preconditioner.codes(rows) + Preconditioner.codes(cols));
            scale += Preconditioner.scales(rows) + Preconditioner.scales(cols);
            value += Preconditioner.values(rows) + Preconditioner.values(cols);
        }
        codes = states.make("shampoo.codes." + parameter.name(), DType.I8, code);
        scales = states.make("shampoo.scales." + parameter.name(), DType.F32, scale);
        values = states.make("shampoo.values." + parameter.name(), DType.F32, value);
        first = states.make(
                "m." + parameter.name(), DType.F32, parameter.value().shape());
        second = states.make(
                "v." + parameter.name(), DType.F32, parameter.value().shape());
    }

    private int parts(int side) {
        return (side + settings.rank() - 1) / settings.rank();
    }

    private static int cut(int side, int parts, int part) {
        return (int) ((long) side * part / parts);
    }

    @Override
    public void apply(Tensor gradient, Pace pace) {
        for (Block block : blocks) {
            Preconditioner left = new Preconditioner(
                    block.rows,
                    codes.address() + block.codes,
                    scales.address() + 4L * block.scales,
                    values.address() + 4L * block.values);
            Preconditioner right = new Preconditioner(
                    block.cols,
                    left.codes() + Preconditioner.codes(block.rows),
                    left.scales() + 4L * Preconditioner.scales(block.rows),
                    left.values() + 4L * Preconditioner.values(block.rows));
            long g = copy(gradient, block, pace.gradientScale());
            maintain(left, right, Matrix.rowMajor(g, block.cols), pace.step());
            if (pace.step() >= settings.inverseEvery()) {
                precondition(left, right, g);
            }
            step(block, g, pace);
        }
    }

    /** The block's gradient, contiguous and scaled. */
    private long copy(Tensor gradient, Block block, float scale) {
        long g = GRADIENT.get().floats((long) block.rows * block.cols);
        Workers.ranges(block.rows, GRAIN / block.cols, (from, to) -> {
            for (int i = from; i < to; i++) {
                Memory.copy(gradient.address() + at(block, i), g + 4L * i * block.cols, 4L * block.cols);
            }
            RowKernels.scale(g + 4L * from * block.cols, (to - from) * block.cols, scale);
        });
        return g;
    }

    /** Where in the whole matrix a block's row begins, in bytes. */
    private long at(Block block, int row) {
        return 4L * ((long) (block.row + row) * parameter.value().cols() + block.col);
    }

    private void maintain(Preconditioner left, Preconditioner right, Matrix g, int step) {
        if (step == 1) {
            left.begin();
            right.begin();
        }
        if (step % settings.refresh() == 0) {
            left.update(g, right.n(), settings.beta3());
            right.update(g.transposed(), left.n(), settings.beta3());
        }
        if (step % settings.inverseEvery() == 0) {
            left.invert();
            right.invert();
        }
    }

    private static void precondition(Preconditioner left, Preconditioner right, long g) {
        int rows = left.n();
        int cols = right.n();
        long size = (long) rows * cols;
        double before = GradientNorm.squares(g, size);
        long product = PRODUCT.get().floats(size);
        Matrix leftRoot = Matrix.rowMajor(left.root(), rows);
        Gemm.parallel(rows, cols, rows, leftRoot, Matrix.rowMajor(g, cols), product, cols, false);
        Matrix rightRoot = Matrix.rowMajor(right.root(), cols);
        Gemm.parallel(rows, cols, cols, Matrix.rowMajor(product, cols), rightRoot, g, cols, false);
        double after = GradientNorm.squares(g, size);
        if (after > 0) {
            float graft = (float) Math.sqrt(before / after);
            Workers.ranges(
                    rows,
                    GRAIN / cols,
                    (from, to) -> RowKernels.scale(g + 4L * from * cols, (to - from) * cols, graft));
        }
    }

    private void step(Block block, long g, Pace pace) {
        OptimizerKernels.Adam adam = AdamW.adam(settings, pace, 1);
        float keep = AdamW.keep(settings, parameter, pace);
        Workers.ranges(block.rows, GRAIN / block.cols, (from, to) -> {
            for (int i = from; i < to; i++) {
                OptimizerKernels.adamw(
                        parameter.value().address() + at(block, i),
                        g + 4L * i * block.cols,
                        first.address() + at(block, i),
                        second.address() + at(block, i),
                        adam,
                        pace.learningRate(),
                        keep,
                        0,
                        block.cols);
            }
        });
    }
}
