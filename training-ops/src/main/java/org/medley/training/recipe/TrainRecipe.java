package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.medley.training.data.Format;

/**
 * One training run.
 *
 * @param model what is trained
 * @param data what it is trained on, mixed by weight
 * @param evaluation held-out data whose loss is measured during training; optional
 * @param sequence longest example in tokens; longer ones are refused in chat data and cut into pieces in text
 * @param batchTokens tokens per optimizer step, at least
 * @param microTokens tokens per forward and backward pass; bounds the memory
 * @param seed of the initial weights and of the order of the data
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrainRecipe(
        String name,
        String description,
        Model model,
        List<Data> data,
        Evaluation evaluation,
        Integer sequence,
        Integer batchTokens,
        Integer microTokens,
        Integer steps,
        Optimizer optimizer,
        Checkpoint checkpoint,
        String dtype,
        Long seed)
        implements Recipe {

    /**
     * @param from name or folder of the model to start from; excludes scratch
     * @param scratch shape of a new model
     * @param tokenizer name or folder of the model whose tokenizer a new model takes, or absent to train one
     * @param vocabulary size of a tokenizer trained on the data; default 4096
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Model(String from, Scratch scratch, String tokenizer, Integer vocabulary) {}

    /** A Qwen3-shaped decoder with tied embeddings. */
    public record Scratch(
            int hidden, int layers, int heads, int kvHeads, int headSize, int intermediate, int context) {}

    /**
     * @param dataset name of a dataset or path of a file or a folder of files
     * @param format how its records are read
     * @param weight share of this data in the mix, relative to the others; default 1
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Data(String dataset, Format format, Double weight) {}

    /** @param every steps between two measurements */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Evaluation(List<Data> data, Integer every, Integer examples) {}

    /** AdamW with linear warm-up and a cosine to {@code minLearningRate}. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Optimizer(
            Double learningRate,
            Double minLearningRate,
            Integer warmup,
            Double beta1,
            Double beta2,
            Double epsilon,
            Double weightDecay,
            Double clip) {}

    /**
     * @param every steps between two checkpoints
     * @param keep how many of the newest are kept
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Checkpoint(Integer every, Integer keep) {}

    /** The same recipe with every default written out, and checked. */
    TrainRecipe completed(Checks checks) {
        checks.name(name);
        checks.that(model != null, "model", "is missing; it says what to train");
        checks.that(
                (model.from == null) != (model.scratch == null),
                "model",
                "needs exactly one of 'from' (a model to start from) and 'scratch' (the shape of a new one)");
        checks.that(
                model.from == null || (model.tokenizer == null && model.vocabulary == null),
                "model",
                "with 'from' brings its own tokenizer; remove 'tokenizer' and 'vocabulary'");
        checks.data("data", data, true);
        Optimizer o = optimizer == null ? new Optimizer(null, null, null, null, null, null, null, null) : optimizer;
        int allSteps = checks.range("steps", steps, null, 1, 10_000_000);
        double peak = checks.range("optimizer.learningRate", o.learningRate, 1e-3, 0, 1);
        Optimizer full = new Optimizer(
                peak,
                checks.range("optimizer.minLearningRate", o.minLearningRate, peak / 10, 0, peak),
                checks.range("optimizer.warmup", o.warmup, Math.min(allSteps, Math.max(1, allSteps / 20)), 0, allSteps),
                checks.range("optimizer.beta1", o.beta1, 0.9, 0, 0.9999),
                checks.range("optimizer.beta2", o.beta2, 0.95, 0, 0.99999),
                checks.range("optimizer.epsilon", o.epsilon, 1e-8, 0, 1),
                checks.range("optimizer.weightDecay", o.weightDecay, 0.1, 0, 10),
                checks.range("optimizer.clip", o.clip, 1.0, 1e-6, 1e6));
        int longest = checks.range("sequence", sequence, 512, 8, 1 << 20);
        int micro = checks.range("microTokens", microTokens, Math.max(4096, longest), longest, 1 << 20);
        if (model.scratch != null) {
            Scratch s = model.scratch;
            checks.range("model.scratch.hidden", s.hidden, null, 8, 65_536);
            checks.range("model.scratch.layers", s.layers, null, 1, 1_000);
            checks.range("model.scratch.headSize", s.headSize, null, 2, 1_024);
            checks.range("model.scratch.intermediate", s.intermediate, null, 8, 1 << 20);
            checks.range("model.scratch.context", s.context, null, longest, 1 << 20);
            checks.that(
                    s.kvHeads >= 1 && s.heads >= s.kvHeads && s.heads % s.kvHeads == 0 && s.headSize % 2 == 0,
                    "model.scratch",
                    "heads must be a multiple of kvHeads and headSize even");
        }
        Evaluation e = evaluation;
        if (e != null) {
            checks.data("evaluation.data", e.data, true);
            e = new Evaluation(
                    e.data,
                    checks.range("evaluation.every", e.every, Math.max(1, allSteps / 10), 1, allSteps),
                    checks.range("evaluation.examples", e.examples, 64, 1, 100_000));
        }
        Checkpoint c = checkpoint == null ? new Checkpoint(null, null) : checkpoint;
        String format = dtype == null ? "BF16" : dtype;
        checks.that(format.matches("F32|BF16"), "dtype", "is '" + format + "'; the model is written as F32 or BF16");
        return new TrainRecipe(
                name,
                description,
                model,
                data,
                e,
                longest,
                checks.range("batchTokens", batchTokens, 4 * micro, 1, 1 << 26),
                micro,
                allSteps,
                full,
                new Checkpoint(
                        checks.range("checkpoint.every", c.every, Math.max(1, allSteps / 5), 1, allSteps),
                        checks.range("checkpoint.keep", c.keep, 2, 1, 1_000)),
                format,
                seed == null ? 1L : seed);
    }
}
