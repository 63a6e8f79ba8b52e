package org.medley.training.autograd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.AttentionKernel;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
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
        // y = x·r·w with r = (mean x² + ε)^-½ gives dx = r·(w·dy) − x·r³/n·Σ(w·dy·x) and dw = Σ dy·x·r.
        int width = weight.cols();
        int groups = Math.toIntExact(x.size() / width);
        int chunks = (groups + NORM_CHUNK - 1) / NORM_CHUNK;
        try (Arena arena = Arena.ofShared()) {
            long partial = arena.allocate(4L * chunks * width, 64).address();
            Workers.run(chunks, chunk -> {
                long sums = partial + 4L * chunk * width;
                for (int g = chunk * NORM_CHUNK; g < Math.min(groups, (chunk + 1) * NORM_CHUNK); g++) {
                    long at = 4L * g * width;
                    normGroup(
                            x.address() + at,
                            weight.address(),
                            epsilon,
                            width,
                            dy.address() + at,
                            dx.address() + at,
                            sums);
                }
            });
            for (int chunk = 0; dWeight != null && chunk < chunks; chunk++) {
                RowKernels.axpy(1, partial + 4L * chunk * width, dWeight.address(), width);
            }
        }
    }

    private static void normGroup(long x, long weight, float epsilon, int width, long dy, long dx, long dWeight) {
        float r = RowKernels.inverseRms(x, width, epsilon);
        float dot = 0;
        for (int i = 0; i < width; i++) {
            long at = 4L * i;
            dot += Memory.f32(weight + at) * Memory.f32(dy + at) * Memory.f32(x + at);
        }
        float pull = dot * r * r * r / width;
        for (int i = 0; i < width; i++) {
            long at = 4L * i;
            float d = Memory.f32(dy + at);
            float value = Memory.f32(x + at);
            Memory.f32(dx + at, Memory.f32(dx + at) + r * Memory.f32(weight + at) * d - value * pull);
            Memory.f32(dWeight + at, Memory.f32(dWeight + at) + d * value * r);
        }
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
        if (attention.softCap() > 0) {
            throw new IllegalArgumentException("capped attention scores have no way back yet; train without soft cap");
        }
        // One task per span and key-value head: its query heads add to the same dk and dv, one after the other.
        int group = heads.count() / heads.kv();
        Workers.run(batch.spans().size() * heads.kv(), task -> {
            Batch.Span span = batch.spans().get(task / heads.kv());
            int kvHead = task % heads.kv();
            long kv = 4L * kvHead * heads.size();
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
                long offset = 4L * head * heads.size();
                attentionHead(
                        attention,
                        span.rows(),
                        q.cols(),
                        k.cols(),
                        q.row(span.row()) + offset,
                        k.row(span.row()) + kv,
                        v.row(span.row()) + kv,
                        y.row(span.row()) + offset,
                        dy.row(span.row()) + offset,
                        dq.row(span.row()) + offset,
                        dk.row(span.row()) + kv,
                        dv.row(span.row()) + kv);
            }
        });
    }

    /** P is recomputed block by block; dS = P ∘ (dP − rowsum(dy ∘ y)), as in FlashAttention (Dao 2022, app. B). */
    private static void attentionHead(
            Attention attention,
            int rows,
            int ldq,
            int ldk,
            long q,
            long k,
            long v,
            long y,
            long dy,
            long dq,
            long dk,
            long dv) {
        int size = attention.heads().size();
        for (int from = 0; from < rows; from += AttentionKernel.BLOCK) {
            int count = Math.min(AttentionKernel.BLOCK, rows - from);
            int keys = attention.end(from + count - 1, rows);
            long block = 4L * from * ldq;
            long p = AttentionKernel.probabilities(attention, q, ldq, k, ldk, from, count, keys);
            Matrix probabilities = Matrix.rowMajor(p, keys);
            Matrix dyBlock = Matrix.rowMajor(dy + block, ldq);
            Gemm.serial(keys, size, count, probabilities.transposed(), dyBlock, dv, ldk, true);
            long ds = SCRATCH.get().floats((long) count * keys);
            Gemm.serial(count, keys, size, dyBlock, Matrix.rowMajor(v, ldk).transposed(), ds, keys, false);
            for (int i = 0; i < count; i++) {
                long row = block + 4L * i * ldq;
                float delta = RowKernels.dot(dy + row, y + row, size);
                for (int j = 0; j < keys; j++) {
                    long at = 4L * (i * keys + j);
                    Memory.f32(ds + at, Memory.f32(p + at) * (Memory.f32(ds + at) - delta) * attention.scale());
                }
            }
            Matrix dScores = Matrix.rowMajor(ds, keys);
            Gemm.serial(count, size, keys, dScores, Matrix.rowMajor(k, ldk), dq + block, ldq, true);
            Matrix queries = Matrix.rowMajor(q + block, ldq);
            Gemm.serial(keys, size, count, dScores.transposed(), queries, dk, ldk, true);
        }
    }

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        Workers.ranges(
                Math.toIntExact(gate.size()),
                ELEMENT_GRAIN,
                (from, to) -> RowKernels.swigluBackward(
                        gate.address(), up.address(), dy.address(), dGate.address(), dUp.address(), from, to));
    }

    @Override
    public void add(Tensor dy, Tensor dx) {
        Workers.ranges(
                Math.toIntExact(dy.size()),
                ELEMENT_GRAIN,
                (from, to) -> RowKernels.add(dy.address(), dx.address(), dx.address(), from, to));
    }

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {
        for (int i = 0; i < rows.length; i++) {
            RowKernels.axpy(1, dy.row(i), dx.row(rows[i]), dy.cols());
        }
    }

    @Override
    public double crossEntropy(Tensor logits, int[] targets, float scale, Tensor dLogits) {
        int classes = logits.cols();
        double[] losses = new double[targets.length];
        Workers.run(targets.length, i -> {
            long row = SCRATCH.get().floats(classes);
            MemorySegment.copy(Memory.ALL, logits.row(i), Memory.ALL, row, 4L * classes);
            float target = Memory.f32(row + 4L * targets[i]);
            losses[i] = RowKernels.softmax(row, classes, 1) - (double) target;
            RowKernels.axpy(scale, row, dLogits.row(i), classes);
            long at = dLogits.row(i) + 4L * targets[i];
            Memory.f32(at, Memory.f32(at) - scale);
        });
        double sum = 0;
        for (double loss : losses) {
            sum += loss;
        }
        return sum;
    }
}
