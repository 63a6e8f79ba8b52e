package org.medley.training.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * Reverse-mode differentiation over the same {@link Ops} a server uses: each op runs forward at once and leaves behind
 * its way back, and {@link #backward()} walks those in reverse. What no trained tensor went into is not followed back.
 * Gradients of trained tensors accumulate; those of intermediates live for one step.
 */
public final class Tape implements Ops {
    private static final int LEAST_PIECE = 32;

    private final Ops forward;
    private final BackwardOps backward;
    private final boolean recompute;
    /** Each trained tensor with its gradient. */
    private final Map<Tensor, Tensor> trained;
    /** Each result that a trained tensor went into with its gradient, null until something is added to it. */
    private final Map<Tensor, Tensor> intermediates = new IdentityHashMap<>();

    private final List<Runnable> steps = new ArrayList<>();

    /**
     * @param trained each trained tensor with the tensor its gradient is gathered in; others get none
     * @param recompute whether what happens inside a {@link Ops.Block} is forgotten and computed again on the way back:
     *     a third more work for a fraction of the memory (Chen et al. 2016)
     */
    public Tape(Ops forward, BackwardOps backward, Map<Tensor, Tensor> trained, boolean recompute) {
        this.forward = forward;
        this.backward = backward;
        this.recompute = recompute;
        this.trained = new IdentityHashMap<>(trained);
    }

    private boolean follows(Tensor tensor) {
        return tensor != null && (trained.containsKey(tensor) || intermediates.containsKey(tensor));
    }

    /** A way back, run if the result's gradient is not zero. */
    interface Step {
        void run(Tensor dy);
    }

    /** Leaves the way back of a result, if there is one. */
    Tensor record(Tensor result, Step step, Tensor... inputs) {
        if (Stream.of(inputs).noneMatch(this::follows)) {
            return result;
        }
        intermediates.put(result, null);
        steps.add(() -> {
            Tensor dy = whole(result);
            if (dy != null) {
                step.run(dy);
            }
        });
        return result;
    }

    /** Where a tensor's gradient is added, made on first use; null for one that is not followed. */
    Tensor into(Tensor tensor) {
        Tensor gradient = trained.get(tensor);
        if (gradient != null || !intermediates.containsKey(tensor)) {
            return gradient;
        }
        return intermediates.compute(tensor, (t, g) -> g != null ? g : backward.zeros(t.rows(), t.cols()));
    }

    /** The same for ops that have several gradients to give at once; what nobody wants is thrown away with the step. */
    private Tensor anywhere(Tensor tensor) {
        Tensor wanted = into(tensor);
        return wanted != null ? wanted : backward.zeros(tensor.rows(), tensor.cols());
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return record(forward.embedding(table, ids), dy -> backward.embedding(ids, dy, into(table)), table);
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return record(
                forward.linear(x, weight, bias),
                dy -> backward.linear(x, weight, dy, into(x), into(weight), bias == null ? null : into(bias)),
                x,
                weight,
                bias);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return record(
                forward.rmsNorm(x, weight, epsilon),
                dy -> backward.rmsNorm(x, weight, epsilon, dy, into(x), into(weight)),
                x,
                weight);
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        return record(
                forward.layerNorm(x, weight, bias, epsilon),
                dy -> backward.layerNorm(
                        x, weight, epsilon, dy, into(x), into(weight), bias == null ? null : into(bias)),
                x,
                weight,
                bias);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return record(forward.rope(x, positions, table), dy -> backward.rope(positions, table, dy, into(x)), x);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        Tensor y = forward.attention(q, k, v, attention, layer, batch);
        return record(
                y,
                dy -> backward.attention(q, k, v, attention, batch, y, dy, anywhere(q), anywhere(k), anywhere(v)),
                q,
                k,
                v);
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return record(
                forward.swiglu(gate, up), dy -> backward.swiglu(gate, up, dy, anywhere(gate), anywhere(up)), gate, up);
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        return record(forward.gelu(x, form), dy -> backward.gelu(x, form, dy, into(x)), x);
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return record(
                forward.geglu(gate, up, form),
                dy -> backward.geglu(gate, up, form, dy, anywhere(gate), anywhere(up)),
                gate,
                up);
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        return record(
                forward.columns(x, factors, bias),
                dy -> backward.columns(x, factors, dy, into(x), into(factors), bias == null ? null : into(bias)),
                x,
                factors,
                bias);
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return record(forward.scale(x, factor), dy -> backward.scale(factor, dy, into(x)), x);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        Tensor y = forward.softCap(x, cap);
        return record(y, dy -> backward.softCap(y, cap, dy, into(x)), x);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return record(
                forward.add(a, b),
                dy -> {
                    addTo(a, dy);
                    addTo(b, dy);
                },
                a,
                b);
    }

    private void addTo(Tensor x, Tensor dy) {
        Tensor dx = into(x);
        if (dx != null) {
            backward.scale(1, dy, dx);
        }
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        return record(forward.rows(x, rows), dy -> backward.rows(rows, dy, into(x)), x);
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        return record(forward.means(x, spans), dy -> backward.means(spans, dy, into(x)), x);
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        return new TapedMixture(this, backward).mixture(x, router, experts, top, normalized);
    }

    @Override
    public Sum block(Sum in, Block part) {
        if (!recompute) {
            return part.apply(this, in);
        }
        Tensor sum = backward.zeros(in.sum().rows(), in.sum().cols());
        Tensor norm = backward.zeros(in.norm().rows(), in.norm().cols());
        backward.within(() -> {
            Sum out = part.apply(new Tape(forward, backward, Map.of(), false), in);
            backward.copy(out.sum(), sum);
            backward.copy(out.norm(), norm);
        });
        // Trained tensors inside a block cannot be known before it runs: it is followed whatever went in.
        intermediates.put(sum, null);
        intermediates.put(norm, null);
        steps.add(() -> again(in, part, whole(sum), whole(norm)));
        return new Sum(sum, norm);
    }

    private Tensor whole(Tensor result) {
        Tensor gradient = intermediates.get(result);
        if (gradient != null) {
            backward.whole(gradient);
        }
        return gradient;
    }

    private void again(Sum in, Block part, Tensor dSum, Tensor dNorm) {
        Map<Tensor, Tensor> outer = new IdentityHashMap<>(trained);
        for (Tensor tensor : List.of(in.sum(), in.norm())) {
            if (follows(tensor)) {
                outer.put(tensor, into(tensor));
            }
        }
        backward.within(() -> {
            Tape inner = new Tape(forward, backward, outer, false);
            Sum out = part.apply(inner, in);
            inner.seed(out.sum(), dSum);
            inner.seed(out.norm(), dNorm);
            inner.backward();
        });
    }

    /** Says that the loss changes with a result so; null for not at all. */
    void seed(Tensor result, Tensor gradient) {
        if (gradient != null && follows(result)) {
            backward.scale(1, gradient, into(result));
        }
    }

    /** Walks back from what was seeded to every trained tensor, and forgets the step. */
    void backward() {
        for (int i = steps.size() - 1; i >= 0; i--) {
            steps.get(i).run();
        }
        clear();
    }

    /** Forgets the recorded step; its memory may be used again. */
    public void clear() {
        steps.clear();
        intermediates.clear();
    }

    /**
     * −log p of each row's target, without a way back.
     *
     * @param hidden what the network's {@link Network#hidden} gave through this tape
     * @param rows of it that predict something
     * @param targets one token per row
     */
    public float[] losses(Network network, Tensor hidden, int[] rows, int[] targets) {
        float[] losses = new float[rows.length];
        pieces(network, rows.length, (from, to) -> {
            Tensor logits = network.head(forward, forward.rows(hidden, Arrays.copyOfRange(rows, from, to)));
            float[] some = backward.crossEntropy(logits, Arrays.copyOfRange(targets, from, to), null, null);
            System.arraycopy(some, 0, losses, from, some.length);
        });
        return losses;
    }

    /**
     * The same, and the way back from their weighted sum to every trained tensor. Logits exist for a piece of the rows at
     * a time.
     *
     * @param weights what each row's loss weighs in the gradient, such as 1 / rows of the whole batch
     * @return the unweighted losses in nats
     */
    public float[] backward(Network network, Tensor hidden, int[] rows, int[] targets, float[] weights) {
        float[] losses = new float[rows.length];
        Tensor dHidden = into(hidden);
        pieces(network, rows.length, (from, to) -> {
            int[] some = Arrays.copyOfRange(rows, from, to);
            Tensor h = forward.rows(hidden, some);
            Map<Tensor, Tensor> outer = new IdentityHashMap<>(trained);
            if (dHidden != null) {
                outer.put(h, backward.zeros(h.rows(), h.cols()));
            }
            Tape head = new Tape(forward, backward, outer, false);
            Tensor logits = network.head(head, h);
            Tensor dLogits = backward.tensor(logits.rows(), logits.cols());
            float[] theirs = backward.crossEntropy(
                    logits, Arrays.copyOfRange(targets, from, to), Arrays.copyOfRange(weights, from, to), dLogits);
            System.arraycopy(theirs, 0, losses, from, theirs.length);
            if (head.intermediates.containsKey(logits)) {
                head.intermediates.put(logits, dLogits);
                head.backward();
            }
            if (dHidden != null) {
                backward.rows(some, outer.get(h), dHidden);
            }
        });
        backward();
        return losses;
    }

    private interface Piece {
        void run(int from, int to);
    }

    private void pieces(Network network, int rows, Piece piece) {
        int step =
                Math.max(LEAST_PIECE, backward.logitsAtOnce() / network.shape().vocabulary());
        for (int from = 0; from < rows; from += step) {
            int start = from;
            backward.within(() -> piece.run(start, Math.min(rows, start + step)));
        }
    }
}
