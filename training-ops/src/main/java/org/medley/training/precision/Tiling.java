package org.medley.training.precision;

import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Rounding;
import org.medley.runtime.tensor.kernel.Rounding.Format;

/**
 * A number format and the tiles of a matrix that share a scale in it.
 *
 * @param blockRows rows of a tile; 0: all
 * @param blockCols columns of a tile; 0: all
 * @param twoLevel whether scales are E4M3 themselves, under one F32 scale of the whole tensor
 */
public record Tiling(Format format, int blockRows, int blockCols, boolean powerOfTwo, boolean twoLevel) {
    /** Below it a scale would be a denormal. */
    private static final float LEAST = 0x1p-126f;

    /** A tile as wide and high as the matrix, of which there is one. */
    public static Tiling whole(Format format, boolean powerOfTwo) {
        return new Tiling(format, 0, 0, powerOfTwo, false);
    }

    /** @param key of random rounding; 0 for nearest */
    public void round(Tensor x, int key, Tensor y) {
        int rows = blockRows == 0 ? x.rows() : blockRows;
        int cols = blockCols == 0 ? x.cols() : blockCols;
        Rounding.Scale scale = twoLevel ? underOne(largest(x)) : this::scale;
        Rounding.tiles(format, scale, rows, cols, key, x.address(), x.rows(), x.cols(), y.address());
    }

    /** s = max|x| / largest value of the format, rounded up to a power of two if asked (spec of TransformerEngine). */
    float scale(float largest) {
        if (largest == 0 || !Float.isFinite(largest)) {
            return 1;
        }
        float scale = Math.max(largest, LEAST * format.max()) / format.max();
        if (!powerOfTwo) {
            return scale;
        }
        int exponent = Math.getExponent(scale);
        return Math.scalb(1f, scale > Math.scalb(1f, exponent) ? exponent + 1 : exponent);
    }

    /** Block scales rounded to E4M3 multiples of the tensor's own, chosen so that the largest becomes 448. */
    private Rounding.Scale underOne(float largestOfAll) {
        if (largestOfAll == 0 || !Float.isFinite(largestOfAll)) {
            return largest -> 1;
        }
        float own = Math.max(largestOfAll / (format.max() * Format.E4M3.max()), LEAST);
        return largest -> {
            float stored = Rounding.nearest(Format.E4M3, largest / format.max() / own);
            return stored == 0 ? own * 0x1p-9f : stored * own;
        };
    }

    private static float largest(Tensor x) {
        float[] rows = new float[x.rows()];
        org.medley.runtime.tensor.kernel.Workers.run(
                rows.length, row -> rows[row] = Rounding.largest(x.row(row), x.cols()));
        float max = 0;
        for (float row : rows) {
            max = Math.max(max, row);
        }
        return max;
    }
}
