package org.medley.training.precision;

import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.kernel.Rounding;
import org.medley.runtime.tensor.kernel.Rounding.Format;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.autograd.BackwardOps;

/**
 * Training in lower precision on a CPU: F32 tensors hold nothing but values that the lower precision has, and products of
 * them are summed in F32, as the hardware sums them up to the order of addition.
 *
 * <p>Of the three products of a linear layer, {@code Y = X·Wᵀ} and {@code dX = dY·W} contract along rows of X and dY,
 * {@code dW = dYᵀ·X} along columns: for the last, both are rounded again from what they were, in tiles that lie the other
 * way.
 */
public final class Emulation implements AutoCloseable {
    private static final int BLOCK = 128;
    private static final int SMALL_BLOCK = 16;

    private final Precision precision;
    private final Set<Tensor> products;
    private final int seed;
    /** Where a linear layer's rounded input lies, until the next one comes. */
    private final Workspace inputs = new Workspace();
    /** Where operands on the way back lie, for one product. */
    private final Workspace operands = new Workspace();

    private final Tiling weights;
    private final Tiling rows;
    private final Tiling columns;
    private final Tiling gradientRows;
    private final Tiling gradientColumns;
    private int key;

    /**
     * @param products the layers' matrices, as the network uses them
     * @param seed of what is rounded at random
     */
    public Emulation(Precision precision, Collection<Tensor> products, long seed) {
        this.precision = precision;
        this.products = Collections.newSetFromMap(new IdentityHashMap<>());
        this.seed = Long.hashCode(seed);
        boolean power = precision.scales() == Precision.Scales.power_of_two;
        switch (precision.kind()) {
            case fp32, bf16 -> {
                weights = null;
                rows = null;
                columns = null;
                gradientRows = null;
                gradientColumns = null;
            }
            case fp8_block -> {
                weights = new Tiling(Format.E4M3, BLOCK, BLOCK, power, false);
                rows = new Tiling(Format.E4M3, 1, BLOCK, power, false);
                columns = new Tiling(Format.E4M3, BLOCK, 1, power, false);
                gradientRows = rows;
                gradientColumns = columns;
            }
            case fp8_tensor, fp8_hybrid -> {
                weights = Tiling.whole(Format.E4M3, power);
                rows = weights;
                columns = weights;
                boolean hybrid = precision.kind() == Precision.Kind.fp8_hybrid;
                gradientRows = hybrid ? Tiling.whole(Format.E5M2, power) : weights;
                gradientColumns = gradientRows;
            }
            case nvfp4 -> {
                weights = new Tiling(Format.E2M1, SMALL_BLOCK, SMALL_BLOCK, false, true);
                rows = new Tiling(Format.E2M1, 1, SMALL_BLOCK, false, true);
                columns = new Tiling(Format.E2M1, SMALL_BLOCK, 1, false, true);
                gradientRows = rows;
                gradientColumns = columns;
            }
            default -> throw new IllegalStateException("precision " + precision.kind());
        }
        if (weights != null) {
            this.products.addAll(products);
        }
    }

    /** What is rounded at random in this step depends on its number, not on the steps before it. */
    public void step(int step) {
        key = seed * 31 + step * 0x9E3779B9;
    }

    /** The next key of random rounding, never 0; 0 where nothing is rounded at random. */
    int nextKey() {
        if (precision.kind() != Precision.Kind.nvfp4) {
            return 0;
        }
        key = key * 0x2C9277B5 + 1;
        return key | 1;
    }

    /** Brings the tensors that the network uses up to date with the F32 ones that are trained. */
    public void round(Map<String, Tensor> masters, Map<String, Tensor> used) {
        used.forEach((name, tensor) -> {
            Tensor master = masters.get(name);
            if (products.contains(tensor)) {
                weights.round(master, 0, tensor);
            } else {
                bf16(master, tensor);
            }
        });
    }

    static Tensor bf16(Tensor x, Tensor y) {
        Workers.elements(
                x.size(), (from, to) -> Rounding.bf16(x.address() + 4L * from, y.address() + 4L * from, to - from));
        return y;
    }

    boolean rounds(Tensor weight) {
        return products.contains(weight);
    }

    private static Tensor copy(Workspace workspace, Tensor x, Tiling tiling, int key) {
        Tensor copy = workspace.tensor(x.rows(), x.cols());
        tiling.round(x, key, copy);
        return copy;
    }

    /** Valid until the next call. */
    Tensor input(Tensor x) {
        inputs.reset();
        return input(inputs, x, rows);
    }

    private Tensor input(Workspace workspace, Tensor x, Tiling tiling) {
        if (precision.outliers() == 1) {
            return copy(workspace, x, tiling, 0);
        }
        Tensor copy = workspace.tensor(x.rows(), x.cols());
        copy.copyFrom(x);
        outliers(copy, (float) precision.outliers());
        tiling.round(copy, 0, copy);
        outliers(copy, (float) (1 / precision.outliers()));
        return copy;
    }

    private static void outliers(Tensor x, float factor) {
        for (int row = 0; row < x.rows(); row++) {
            for (int channel = 0; channel < x.cols(); channel += Precision.CHANNELS) {
                long at = x.row(row) + 4L * channel;
                Memory.f32(at, factor * Memory.f32(at));
            }
        }
    }

    /** Valid until the next call of this or {@link #across}. */
    Tensor gradient(Tensor dy) {
        operands.reset();
        return copy(operands, dy, gradientRows, nextKey());
    }

    /** @param dy the other operand of the weight's gradient */
    record Operands(Tensor x, Tensor dy) {}

    /** Valid until the next call of this or {@link #gradient}. */
    Operands across(Tensor x, Tensor dy) {
        operands.reset();
        if (precision.kind() != Precision.Kind.nvfp4) {
            return new Operands(input(operands, x, columns), copy(operands, dy, gradientColumns, 0));
        }
        int signs = nextKey();
        return new Operands(mixed(x, signs, columns, 0), mixed(dy, signs, gradientColumns, nextKey()));
    }

    private Tensor mixed(Tensor x, int signs, Tiling tiling, int random) {
        Tensor copy = operands.tensor(x.rows(), x.cols());
        Rounding.hadamard(x.address(), x.rows(), x.cols(), signs, copy.address());
        tiling.round(copy, random, copy);
        return copy;
    }

    public Ops forward(Ops base) {
        return precision.isFull() ? base : new EmulatedOps(base, this);
    }

    public BackwardOps backward(BackwardOps base) {
        return precision.isFull() ? base : new EmulatedBackwardOps(base, this);
    }

    @Override
    public void close() {
        inputs.close();
        operands.close();
    }
}
