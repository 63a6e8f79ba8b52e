package org.medley.training.autograd;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/**
 * Reverse-mode differentiation over the same {@link Ops} a server uses: each op runs forward at once and leaves behind
 * its way back, and {@link #backward} walks those in reverse. Gradients of parameters accumulate until {@link
 * #zeroGradients}; those of intermediates live for one step.
 */
public final class Tape implements Ops {
    private final Ops forward;
    private final BackwardOps backward;
    private final Workspace workspace;
    private final Map<Tensor, Tensor> parameters;
    private final Map<Tensor, Tensor> intermediates = new IdentityHashMap<>();
    private final List<Runnable> steps = new ArrayList<>();

    /**
     * @param workspace where intermediates' gradients are made; the forward ops may share it
     * @param parameters each trained tensor with the tensor its gradient is gathered in; others get none
     */
    public Tape(Ops forward, BackwardOps backward, Workspace workspace, Map<Tensor, Tensor> parameters) {
        this.forward = forward;
        this.backward = backward;
        this.workspace = workspace;
        this.parameters = new IdentityHashMap<>(parameters);
    }

    /** The gradient of a recorded tensor, zero when first asked for; null for a weight that is not trained. */
    private Tensor gradient(Tensor tensor) {
        Tensor parameter = parameters.get(tensor);
        return parameter != null ? parameter : intermediates.get(tensor);
    }

    private Tensor record(Tensor result, Runnable step) {
        intermediates.put(result, null);
        steps.add(() -> {
            if (intermediates.get(result) != null) {
                step.run();
            }
        });
        return result;
    }

    /** The gradient of an intermediate, made on first use; a parameter's own; null for a frozen weight. */
    private Tensor into(Tensor tensor) {
        if (intermediates.containsKey(tensor)) {
            return intermediates.compute(tensor, (t, g) -> g != null ? g : workspace.zeros(t.rows(), t.cols()));
        }
        return gradient(tensor);
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        Tensor y = forward.embedding(table, ids);
        return record(y, () -> {
            Tensor dTable = into(table);
            if (dTable != null) {
                backward.embedding(ids, gradient(y), dTable);
            }
        });
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Tensor y = forward.linear(x, weight, bias);
        return record(
                y,
                () -> backward.linear(x, weight, gradient(y), into(x), into(weight), bias == null ? null : into(bias)));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        Tensor y = forward.rmsNorm(x, weight, epsilon);
        return record(y, () -> backward.rmsNorm(x, weight, epsilon, gradient(y), into(x), into(weight)));
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        Tensor y = forward.rope(x, positions, table);
        return record(y, () -> backward.rope(positions, table, gradient(y), into(x)));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        Tensor y = forward.attention(q, k, v, attention, layer, batch);
        return record(
                y, () -> backward.attention(q, k, v, attention, batch, y, gradient(y), into(q), into(k), into(v)));
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        Tensor y = forward.swiglu(gate, up);
        return record(y, () -> backward.swiglu(gate, up, gradient(y), into(gate), into(up)));
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        throw untrained("layerNorm");
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        throw untrained("gelu");
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        throw untrained("means");
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        throw untrained("geglu");
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        throw untrained("scale");
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        throw untrained("softCap");
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        throw untrained("mixture");
    }

    private static UnsupportedOperationException untrained(String op) {
        return new UnsupportedOperationException(
                op + " has no way back: models of this family can be served but not trained");
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        Tensor y = forward.add(a, b);
        return record(y, () -> {
            backward.add(gradient(y), into(a));
            backward.add(gradient(y), into(b));
        });
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        Tensor y = forward.rows(x, rows);
        return record(y, () -> backward.rows(rows, gradient(y), into(x)));
    }

    /**
     * The loss at the end of the tape, and the way back from it to every parameter.
     *
     * @param targets the class of each row of {@code logits}
     * @param scale what one row's loss weighs in the gradient, such as 1 / rows of the whole batch
     * @return the unscaled sum of the rows' losses in nats
     */
    public double backward(Tensor logits, int[] targets, float scale) {
        double loss = backward.crossEntropy(logits, targets, scale, into(logits));
        for (int i = steps.size() - 1; i >= 0; i--) {
            steps.get(i).run();
        }
        return loss;
    }

    /** Forgets the recorded step. The workspace may be reset afterwards. */
    public void clear() {
        steps.clear();
        intermediates.clear();
    }

    public void zeroGradients() {
        parameters.values().forEach(Tensor::fillZero);
    }
}
