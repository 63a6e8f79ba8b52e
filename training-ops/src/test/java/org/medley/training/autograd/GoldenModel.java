package org.medley.training.autograd;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelFolder;

/** A very small model of a family, with its gradients. */
public record GoldenModel(
        Trainable model, int vocabulary, Map<String, Tensor> gradients, Workspace workspace, Tape tape)
        implements AutoCloseable {
    public static GoldenModel of(String name, Arena arena, int context, boolean recompute) {
        Path folder = Path.of("../model-runtime/src/test/resources/golden", name);
        ModelFolder files = new ModelFolder(folder);
        Map<String, Tensor> stored = new LinkedHashMap<>();
        files.weights(arena).forEach((key, tensor) -> stored.put(key, Formats.toF32(tensor, arena)));
        Trainable model = Trainable.of(folder.resolve("config.json"), files.config(), stored, arena, context);
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        Map<Tensor, Tensor> trained = new IdentityHashMap<>();
        model.parameters().forEach((key, tensor) -> {
            gradients.put(key, Tensor.zeros(arena, tensor.shape()));
            trained.put(tensor, gradients.get(key));
        });
        Workspace workspace = new Workspace();
        Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(workspace), trained, recompute);
        return new GoldenModel(model, files.config().get("vocab_size").asInt(), gradients, workspace, tape);
    }

    /**
     * Adds to the gradients what a pass teaches.
     *
     * @param predicting the row that predicts each target
     * @return −log p of each target
     */
    public float[] learn(Batch batch, int[] predicting, int[] targets, float[] weights) {
        workspace.reset();
        Tensor hidden = model.network().hidden(tape, batch);
        return tape.backward(model.network(), hidden, predicting, targets, weights);
    }

    @Override
    public void close() {
        workspace.close();
    }
}
