package org.medley.runtime.quantize;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** Watches what linear layers are given while a model reads a text. */
final class Activations implements Ops {
    /** Rows kept per layer, to measure errors on. */
    private static final int KEPT = 64;

    private final Ops base;
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
        this.base = base;
    }

    /** Null if the matrix was not used. */
    Seen of(Tensor matrix) {
        return seen.get(matrix);
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        seen.computeIfAbsent(weight, w -> new Seen(w.cols())).add(x);
        return base.linear(x, weight, bias);
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        return base.mixture(x, router, experts, top, normalized);
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return base.embedding(table, ids);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return base.rmsNorm(x, weight, epsilon);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return base.rope(x, positions, table);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return base.attention(q, k, v, attention, layer, batch);
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return base.swiglu(gate, up);
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up) {
        return base.geglu(gate, up);
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return base.scale(x, factor);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return base.softCap(x, cap);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return base.add(a, b);
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        return base.rows(x, rows);
    }
}
