package org.medley.training.precision;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.Rounding.Format;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How far a product of rounded matrices is from that of the matrices themselves, by format and by how many values share a
 * scale, without and with values that are far larger than the others.
 */
@Command(
        name = "formats",
        mixinStandardHelpOptions = true,
        description = "Measures what number formats do to products, with and without outliers.")
public final class FormatsCommand implements Callable<Integer> {
    private static final int ROWS = 512;
    private static final int INNER = 1024;
    private static final int COLS = 512;
    private static final double[] FACTORS = {1e3, 1e4, 1e5, 1e6};

    @Option(names = "--seed", defaultValue = "1", description = "of the matrices (default: ${DEFAULT-VALUE})")
    private long seed;

    /**
     * A way of rounding both operands.
     *
     * @param weights tiles of the second operand, which has scales of its own
     */
    private record Way(String name, Tiling inputs, Tiling weights) {}

    private static final List<Way> WAYS = List.of(
            way("E4M3, whole tensor", Tiling.whole(Format.E4M3, true), Tiling.whole(Format.E4M3, true)),
            way("E4M3, row", new Tiling(Format.E4M3, 1, 0, true, false), Tiling.whole(Format.E4M3, true)),
            way("E4M3, 1 x 128", tiles(1, true), tiles(128, true)),
            way("E4M3, 1 x 128, F32 scales", tiles(1, false), tiles(128, false)),
            way("E5M2, whole tensor", Tiling.whole(Format.E5M2, true), Tiling.whole(Format.E5M2, true)),
            way(
                    "E2M1, 1 x 16, two levels",
                    new Tiling(Format.E2M1, 1, 16, false, true),
                    new Tiling(Format.E2M1, 16, 16, false, true)));

    private static Way way(String name, Tiling inputs, Tiling weights) {
        return new Way(name, inputs, weights);
    }

    private static Tiling tiles(int rows, boolean powerOfTwo) {
        return new Tiling(Format.E4M3, rows, 128, powerOfTwo, false);
    }

    @Override
    public Integer call() {
        try (Arena arena = Arena.ofShared()) {
            SplittableRandom random = new SplittableRandom(seed);
            float[] x = normal(random, ROWS * INNER);
            Tensor w = Tensor.of(arena, normal(random, COLS * INNER), COLS, INNER);
            System.out.println("Relative error of a product of normal matrices, 512 x 1024 by 1024 x 512.");
            System.out.println(
                    "With outlier tokens (2 % of the rows times m) it is that of the other rows; with outlier");
            System.out.println("channels (4 columns times m) that of what the other columns contribute.");
            System.out.println();
            StringBuilder head = new StringBuilder("| outliers | m |");
            StringBuilder rule = new StringBuilder("| --- | ---: |");
            WAYS.forEach(way -> head.append(' ').append(way.name).append(" |"));
            WAYS.forEach(way -> rule.append(" ---: |"));
            System.out.println(head);
            System.out.println(rule);
            row(arena, "none", 1, x, w, 0, false);
            for (double factor : FACTORS) {
                row(arena, "tokens", factor, tokens(x, factor), w, ROWS / 50, false);
            }
            for (double factor : FACTORS) {
                row(arena, "4 channels", factor, channels(x, factor), w, 0, true);
            }
        }
        return 0;
    }

    private static float[] normal(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** The first rows times a factor. */
    private static float[] tokens(float[] x, double factor) {
        float[] changed = x.clone();
        for (int i = 0; i < ROWS / 50 * INNER; i++) {
            changed[i] *= (float) factor;
        }
        return changed;
    }

    /** Four columns, far from each other, times a factor. */
    private static float[] channels(float[] x, double factor) {
        float[] changed = x.clone();
        for (int row = 0; row < ROWS; row++) {
            for (int channel = 0; channel < 4; channel++) {
                changed[row * INNER + channel * 200 + 7] *= (float) factor;
            }
        }
        return changed;
    }

    /**
     * @param left rows at the beginning whose error does not count
     * @param others whether only what the other columns than the outliers contribute counts
     */
    private static void row(
            Arena arena, String outliers, double factor, float[] values, Tensor w, int left, boolean others) {
        Tensor x = Tensor.of(arena, values, ROWS, INNER);
        float[] exact = product(arena, others ? without(arena, x) : x, w);
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "| %s | %.0e |", outliers, factor));
        for (Way way : WAYS) {
            Tensor xr = Tensor.zeros(arena, ROWS, INNER);
            Tensor wr = Tensor.zeros(arena, COLS, INNER);
            way.inputs.round(x, 0, xr);
            way.weights.round(w, 0, wr);
            float[] rounded = product(arena, others ? without(arena, xr) : xr, wr);
            double error = 0;
            double energy = 0;
            for (int i = left * COLS; i < exact.length; i++) {
                error += Math.pow(rounded[i] - exact[i], 2);
                energy += Math.pow(exact[i], 2);
            }
            line.append(String.format(Locale.ROOT, " %.4f |", Math.sqrt(error / energy)));
        }
        System.out.println(line);
    }

    private static Tensor without(Arena arena, Tensor x) {
        return Tensor.of(arena, channels(x.toArray(), 0), ROWS, INNER);
    }

    private static float[] product(Arena arena, Tensor x, Tensor w) {
        Tensor y = Tensor.zeros(arena, x.rows(), w.rows());
        Gemm.parallel(
                x.rows(),
                w.rows(),
                x.cols(),
                Matrix.rowMajor(x.address(), x.cols()),
                Matrix.rowMajor(w.address(), w.cols()).transposed(),
                y.address(),
                w.rows(),
                false);
        return y.toArray();
    }
}
