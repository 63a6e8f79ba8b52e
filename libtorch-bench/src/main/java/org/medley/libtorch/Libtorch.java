package org.medley.libtorch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.bench.Contestant;
import org.medley.training.bench.Recipe;
import org.medley.training.bench.Shape;
import org.medley.training.bench.Times;
import org.medley.training.data.Packed;

/** The same training by libtorch: its autograd, F32, and its fused functions wherever it has one. */
final class Libtorch implements Contestant {
    private final Shape shape;
    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final TensorVector parameters = new TensorVector();
    private final Decoder decoder;
    private final List<FusedAdamW> optimizers = new ArrayList<>();

    Libtorch(Shape shape, Map<String, float[]> initial) {
        this.shape = shape;
        torch.set_num_threads(Workers.count());
        List<Tensor> matrices = new ArrayList<>();
        List<Tensor> vectors = new ArrayList<>();
        initial.forEach((name, values) -> {
            Tensor flat = floats(values);
            Tensor weight = name.endsWith("norm.weight")
                    ? flat
                    : flat.view(-1, name.endsWith("down_proj.weight") ? shape.intermediate() : columns(name));
            weight.requires_grad_(true);
            weights.put(name, weight);
            parameters.push_back(weight);
            (name.endsWith("norm.weight") ? vectors : matrices).add(weight);
        });
        decoder = new Decoder(shape, weights, new BlasThreads(Workers.count()));
        optimizers.add(new FusedAdamW(matrices, Recipe.SETTINGS.weightDecay()));
        optimizers.add(new FusedAdamW(vectors, 0));
    }

    private long columns(String name) {
        return name.endsWith("o_proj.weight") ? (long) shape.heads() * shape.headSize() : shape.hidden();
    }

    /** A tensor of its own memory. */
    private static Tensor floats(float[] values) {
        try (PointerScope scope = new PointerScope()) {
            return torch.from_blob(new FloatPointer(values), new long[] {values.length}, new TensorOptions())
                    .clone()
                    .retainReference();
        }
    }

    private Tensor tokens(int[] ids) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        long[] extents = {shape.sequences(), shape.sequence()};
        return torch.from_blob(new LongPointer(wide), extents, new TensorOptions(torch.ScalarType.Long))
                .clone();
    }

    @Override
    public String name() {
        return "libtorch";
    }

    @Override
    public double step(Packed data, Times times) {
        try (PointerScope scope = new PointerScope()) {
            Tensor loss = times.of("forward", "all", () -> {
                Tensor logits = decoder.logits(tokens(data.batch().tokens()));
                return torch.cross_entropy(logits, tokens(data.targets()).view(-1));
            });
            times.of("backward", "all", () -> loss.backward());
            times.of("optimizer", "all", () -> {
                torch.clip_grad_norm_(parameters, Recipe.CLIP);
                optimizers.forEach(FusedAdamW::step);
                weights.values().forEach(weight -> weight.mutable_grad().reset());
            });
            return loss.item_float();
        }
    }

    @Override
    public void close() {
        decoder.close();
        optimizers.forEach(FusedAdamW::close);
        parameters.close();
        weights.values().forEach(Tensor::close);
    }
}
