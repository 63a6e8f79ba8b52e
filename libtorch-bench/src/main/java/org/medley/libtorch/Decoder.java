package org.medley.libtorch;

import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.medley.runtime.tensor.RopeTable;
import org.medley.training.bench.Shape;

/** A Llama-shaped decoder in libtorch's functions. */
final class Decoder implements AutoCloseable {
    private final Shape shape;
    private final Map<String, Tensor> weights;
    private final BlasThreads threads;
    /** [sequence, headSize], both halves alike. */
    private final Tensor cos;

    private final Tensor sin;

    Decoder(Shape shape, Map<String, Tensor> weights, BlasThreads threads) {
        this.shape = shape;
        this.weights = weights;
        this.threads = threads;
        RopeTable table = new RopeTable(RopeTable.frequencies(shape.headSize(), shape.ropeBase()), shape.sequence());
        cos = turns(table::cos);
        sin = turns(table::sin);
    }

    private interface Turn {
        float at(int position, int pair);
    }

    private Tensor turns(Turn turn) {
        int half = shape.headSize() / 2;
        float[] values = new float[shape.sequence() * shape.headSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = turn.at(i / shape.headSize(), i % half);
        }
        try (PointerScope scope = new PointerScope()) {
            long[] extents = {shape.sequence(), shape.headSize()};
            return torch.from_blob(new FloatPointer(values), extents, new TensorOptions())
                    .clone()
                    .retainReference();
        }
    }

    /** @param tokens [sequences, sequence] */
    Tensor logits(Tensor tokens) {
        Tensor x = torch.embedding(weights.get("model.embed_tokens.weight"), tokens);
        for (int i = 0; i < shape.layers(); i++) {
            String layer = "model.layers." + i + ".";
            x = x.add(attention(layer + "self_attn.", norm(x, layer + "input_layernorm.weight")));
            x = x.add(mlp(layer + "mlp.", norm(x, layer + "post_attention_layernorm.weight")));
        }
        Tensor hidden = norm(x, "model.norm.weight").view(-1, shape.hidden());
        return linear(hidden, "model.embed_tokens.weight");
    }

    private Tensor norm(Tensor x, String weight) {
        return torch.rms_norm(
                x,
                new long[] {shape.hidden()},
                new TensorOptional(weights.get(weight)),
                new DoubleOptional(shape.epsilon()));
    }

    private Tensor linear(Tensor x, String weight) {
        return torch.linear(x, weights.get(weight));
    }

    private Tensor attention(String at, Tensor x) {
        Tensor q = turned(heads(linear(x, at + "q_proj.weight"), shape.heads()));
        Tensor k = turned(heads(linear(x, at + "k_proj.weight"), shape.kvHeads()));
        Tensor v = heads(linear(x, at + "v_proj.weight"), shape.kvHeads());
        boolean shared = shape.kvHeads() < shape.heads();
        Tensor y = threads.alone(
                () -> torch.scaled_dot_product_attention(
                        q, k, v, new TensorOptional(), 0, true, new DoubleOptional(), shared),
                q,
                k,
                v);
        long width = (long) shape.heads() * shape.headSize();
        return linear(y.transpose(1, 2).reshape(shape.sequences(), shape.sequence(), width), at + "o_proj.weight");
    }

    /** [sequences, heads, sequence, headSize]. */
    private Tensor heads(Tensor x, int count) {
        return x.view(shape.sequences(), shape.sequence(), count, shape.headSize())
                .transpose(1, 2);
    }

    private Tensor turned(Tensor x) {
        TensorVector halves = x.chunk(2, -1);
        Tensor swapped = torch.cat(new TensorVector(halves.get(1).neg(), halves.get(0)), -1);
        return x.mul(cos).add(swapped.mul(sin));
    }

    private Tensor mlp(String at, Tensor x) {
        Tensor gate = torch.silu(linear(x, at + "gate_proj.weight"));
        return linear(gate.mul(linear(x, at + "up_proj.weight")), at + "down_proj.weight");
    }

    @Override
    public void close() {
        cos.close();
        sin.close();
    }
}
