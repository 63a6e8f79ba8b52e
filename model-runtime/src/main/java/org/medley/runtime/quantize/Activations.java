package org.medley.runtime.quantize;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** Watches what linear layers are given while a model reads a text. */
final class Activations extends ForwardingOps {
    /** Rows kept per layer, to measure errors on. */
    private static final int KEPT = 64;

    private final Map<Tensor, Seen> seen = new IdentityHashMap<>();

    /** Inputs of one matrix: the mean magnitude of each column, and some rows. */
    static final class Seen {
        private final double[] sums;
        private final float[][] rows = new float[KEPT][];
        private int count;

        private Seen(int cols) {
            sums = new double[cols];
        }

        private void add(Tensor x) {
            for (int i = 0; i < x.rows(); i++) {
                float[] row = x.slice(i, 1).toArray();
                for (int j = 0; j < row.length; j++) {
                    sums[j] += Math.abs(row[j]);
                }
                // Evenly over the text: every row first, later ones in the place of earlier ones.
                rows[count < KEPT ? count : (int) (count * 2654435761L >>> 5 & KEPT - 1)] = row;
                count++;
            }
        }

        double mean(int col) {
            return sums[col] / Math.max(1, count);
        }

        List<float[]> rows() {
            return List.of(rows).subList(0, Math.min(KEPT, count));
        }
    }

    Activations(Ops base) {
        super(base);
    }

    /** Null if the matrix was not used. */
    Seen of(Tensor matrix) {
        return seen.get(matrix);
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        seen.computeIfAbsent(weight, w -> new Seen(w.cols())).add(x);
        return super.linear(x, weight, bias);
    }
}
