package org.medley.training.autograd;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.kernel.AttentionBackward;
import org.medley.runtime.tensor.kernel.BackwardKernels;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.KeyValueGradients;
import org.medley.runtime.tensor.kernel.KeyValues;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * {@link BackwardOps} on the CPU. Sums over rows run in a fixed order whatever the number of threads, so that a resumed
 * run repeats bit for bit.
 */
public final class CpuBackwardOps implements BackwardOps {
    private static final int ELEMENT_GRAIN = 16_384;
    /** Rows per partial sum of a norm's weight gradient; fixed, so that the order of addition is. */
    private static final int NORM_CHUNK = 256;

    private static final ThreadLocal<Scratch> SCRATCH = Scratch.perThread();

    private final Workspace workspace;

    /** @param workspace that of the ops which ran forward */
    public CpuBackwardOps(Workspace workspace) {
        this.workspace = workspace;
    }

    @Override
    public Tensor tensor(int rows, int cols) {
        return workspace.tensor(rows, cols);
    }

    @Override
    public Tensor zeros(int rows, int cols) {
        Tensor tensor = workspace.tensor(rows, cols);
        Workers.elements(tensor.size(), (from, to) -> Memory.zero(tensor.address() + 4L * from, 4L * (to - from)));
        return tensor;
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        to.copyFrom(from);
    }

    @Override
    public float[] read(Tensor x) {
        return x.toArray();
    }

    @Override
    public void write(float[] values, Tensor x) {
        x.copyFrom(values);
    }

    @Override
    public void within(Runnable work) {
        Workspace.Mark mark = workspace.mark();
        work.run();
        workspace.release(mark);
    }

    @Override
    public void embedding(int[] ids, Tensor dy, Tensor dTable) {
        for (int i = 0; i < ids.length; i++) {
            RowKernels.axpy(1, dy.row(i), dTable.row(ids[i]), dy.cols());
        }
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        int m = x.rows();
        int n = weight.rows();
        int k = weight.cols();
        Matrix dyMatrix = Matrix.rowMajor(dy.address(), n);
        if (dx != null) {
            Gemm.parallel(m, k, n, dyMatrix, Matrix.rowMajor(weight.address(), k), dx.address(), k, true);
        }
        if (dWeight != null) {
            Gemm.parallel(n, k, m, dyMatrix.transposed(), Matrix.rowMajor(x.address(), k), dWeight.address(), k, true);
        }
        for (int i = 0; dBias != null && i < m; i++) {
            RowKernels.axpy(1, dy.row(i), dBias.address(), n);
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight) {
        int width = weight.cols();
        groups(Math.toIntExact(x.size() / width), width, dWeight, null, (g, sums, none) -> {
            long at = 4L * g * width;
            long into = dx == null ? 0 : dx.address() + at;
            BackwardKernels.rmsNorm(x.address() + at, weight.address(), epsilon, width, dy.address() + at, into, sums);
        });
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        int width = weight.cols();
        groups(Math.toIntExact(x.size() / width), width, dWeight, dBias, (g, weightSums, biasSums) -> {
            long at = 4L * g * width;
            long into = dx == null ? 0 : dx.address() + at;
            long normed = SCRATCH.get().floats(width);
            BackwardKernels.layerNorm(
                    x.address() + at,
                    weight.address(),
                    epsilon,
                    width,
                    dy.address() + at,
                    normed,
                    into,
                    weightSums,
                    biasSums);
        });
    }

    private interface GroupBody {
        /** @param weightSums where the group's part of the weight's gradient is added, or 0; biasSums likewise */
        void run(int group, long weightSums, long biasSums);
    }

    /** Runs the groups of a norm in chunks, each with sums of its own, which are added up in order. */
    private void groups(int groups, int width, Tensor dWeight, Tensor dBias, GroupBody body) {
        int chunks = (groups + NORM_CHUNK - 1) / NORM_CHUNK;
        within(() -> {
            Tensor weightSums = dWeight == null ? null : zeros(chunks, width);
            Tensor biasSums = dBias == null ? null : zeros(chunks, width);
            Workers.run(chunks, chunk -> {
                long weightRow = weightSums == null ? 0 : weightSums.row(chunk);
                long biasRow = biasSums == null ? 0 : biasSums.row(chunk);
                for (int g = chunk * NORM_CHUNK; g < Math.min(groups, (chunk + 1) * NORM_CHUNK); g++) {
                    body.run(g, weightRow, biasRow);
                }
            });
            for (int chunk = 0; chunk < chunks; chunk++) {
                if (dWeight != null) {
                    RowKernels.axpy(1, weightSums.row(chunk), dWeight.address(), width);
                }
                if (dBias != null) {
                    RowKernels.axpy(1, biasSums.row(chunk), dBias.address(), width);
                }
            }
        });
    }

    @Override
    public void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx) {
        int cols = dy.cols();
        Workers.ranges(dy.rows(), ELEMENT_GRAIN / cols, (from, to) -> {
            long turned = SCRATCH.get().floats(cols);
            for (int row = from; row < to; row++) {
                int[] position = {positions[row]};
                RowKernels.rope(dy.row(row), position, table, cols, -1, turned, 0, 1);
                RowKernels.axpy(1, turned, dx.row(row), cols);
            }
        });
    }

    @Override
    public void attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Attention attention,
            Batch batch,
            Tensor y,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        Ops.Heads heads = attention.heads();
        if (batch.cache() != null) {
            throw new IllegalArgumentException("training runs without a cache of earlier tokens");
        }
        // One task per beginning and key-value head: its spans and their query heads add to the same dk and dv, one
        // after the other.
        int group = heads.count() / heads.kv();
        List<List<Batch.Span>> alike = batch.alike();
        Workers.run(alike.size() * heads.kv(), task -> {
            int kvHead = task % heads.kv();
            long kv = 4L * kvHead * heads.size();
            for (Batch.Span span : alike.get(task / heads.kv())) {
                int row = span.row();
                KeyValues past = KeyValues.of(span, k.address() + kv, v.address() + kv, k.cols(), heads.size());
                KeyValueGradients gradients =
                        new KeyValueGradients(span, dk.address() + kv, dv.address() + kv, k.cols(), heads.size());
                AttentionBackward backward = new AttentionBackward(attention, past, q.cols());
                for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
                    long at = 4L * head * heads.size();
                    backward.head(
                            q.row(row) + at,
                            y.row(row) + at,
                            dy.row(row) + at,
                            dq.row(row) + at,
                            gradients.keys(),
                            gradients.values());
                }
                gradients.scatter();
            }
        });
    }

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        Workers.elements(
                gate.size(),
                (from, to) -> BackwardKernels.swiglu(
                        gate.address(), up.address(), dy.address(), dGate.address(), dUp.address(), from, to));
    }

    @Override
    public void gelu(Tensor x, Gelu form, Tensor dy, Tensor dx) {
        Workers.elements(
                x.size(),
                (from, to) -> BackwardKernels.gelu(form, x.address(), 0, dy.address(), dx.address(), 0, from, to));
    }

    @Override
    public void geglu(Tensor gate, Tensor up, Gelu form, Tensor dy, Tensor dGate, Tensor dUp) {
        Workers.elements(
                gate.size(),
                (from, to) -> BackwardKernels.gelu(
                        form, gate.address(), up.address(), dy.address(), dGate.address(), dUp.address(), from, to));
    }

    @Override
    public void columns(Tensor x, Tensor factors, Tensor dy, Tensor dx, Tensor dFactors, Tensor dBias) {
        int width = x.cols();
        groups(x.rows(), width, dFactors, dBias, (row, factorSums, biasSums) -> {
            if (dx != null) {
                BackwardKernels.addProduct(dy.row(row), factors.address(), dx.row(row), width);
            }
            if (factorSums != 0) {
                BackwardKernels.addProduct(dy.row(row), x.row(row), factorSums, width);
            }
            if (biasSums != 0) {
                RowKernels.axpy(1, dy.row(row), biasSums, width);
            }
        });
    }

    @Override
    public void scale(float factor, Tensor dy, Tensor dx) {
        Workers.elements(
                dy.size(),
                (from, to) -> RowKernels.axpy(factor, dy.address() + 4L * from, dx.address() + 4L * from, to - from));
    }

    @Override
    public void softCap(Tensor y, float cap, Tensor dy, Tensor dx) {
        Workers.elements(
                y.size(),
                (from, to) -> BackwardKernels.softCap(y.address(), cap, dy.address(), dx.address(), from, to));
    }

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {
        for (int i = 0; i < rows.length; i++) {
            RowKernels.axpy(1, dy.row(i), dx.row(rows[i]), dy.cols());
        }
    }

    @Override
    public void means(List<Batch.Span> spans, Tensor dy, Tensor dx) {
        for (int i = 0; i < spans.size(); i++) {
            Batch.Span span = spans.get(i);
            for (int row = 0; row < span.rows(); row++) {
                RowKernels.axpy(1f / span.rows(), dy.row(i), dx.row(span.row() + row), dy.cols());
            }
        }
    }

    @Override
    public void addRows(Tensor y, int[] rows, float[] weights, Tensor out) {
        for (int i = 0; i < rows.length; i++) {
            RowKernels.axpy(weights[i], y.row(i), out.row(rows[i]), y.cols());
        }
    }

    @Override
    public float[] weightedRows(Tensor y, int[] rows, float[] weights, Tensor dOut, Tensor dy) {
        float[] dWeights = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            dWeights[i] = RowKernels.dot(y.row(i), dOut.row(rows[i]), y.cols());
            if (dy != null) {
                RowKernels.axpy(weights[i], dOut.row(rows[i]), dy.row(i), y.cols());
            }
        }
        return dWeights;
    }

    @Override
    public float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits) {
        int classes = logits.cols();
        float[] losses = new float[targets.length];
        Workers.run(targets.length, i -> {
            losses[i] = weights == null
                    ? BackwardKernels.logSumExp(logits.row(i), classes) - Memory.f32(logits.row(i) + 4L * targets[i])
                    : BackwardKernels.crossEntropy(logits.row(i), classes, targets[i], weights[i], dLogits.row(i));
        });
        return losses;
    }
}
