package org.medley.training.trainer;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Function;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** Ops that remember the first result with a value that is not finite, and which weight it was made with. */
final class FiniteWatch extends ForwardingOps {
    private final Function<Tensor, float[]> values;
    private final Map<Tensor, String> names = new IdentityHashMap<>();
    private String last = "the embedding";
    private String first;

    /** @param values what a result holds, wherever it lies */
    FiniteWatch(Ops base, Map<String, Tensor> weights, Function<Tensor, float[]> values) {
        super(base);
        this.values = values;
        weights.forEach((name, tensor) -> names.put(tensor, name));
    }

    /** What the first such result came from, in words; null if all were finite. */
    String first() {
        return first;
    }

    /** Whether they are nothing but numbers. */
    static boolean finite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private Tensor watched(String op, Tensor weight, Tensor result) {
        if (weight != null) {
            last = names.getOrDefault(weight, last);
        }
        if (first == null && !finite(values.apply(result))) {
            first = weight == null ? op + " after " + last : op + " with " + last;
        }
        return result;
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return watched("embedding", table, super.embedding(table, ids));
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return watched("linear", weight, super.linear(x, weight, bias));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return watched("rmsNorm", weight, super.rmsNorm(x, weight, epsilon));
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return watched("rope", null, super.rope(x, positions, table));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return watched("attention of layer " + layer, null, super.attention(q, k, v, attention, layer, batch));
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return watched("swiglu", null, super.swiglu(gate, up));
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return watched("geglu", null, super.geglu(gate, up, form));
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return watched("the sum", null, super.add(a, b));
    }
}
