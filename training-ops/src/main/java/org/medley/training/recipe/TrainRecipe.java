package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.medley.training.data.Format;
import org.medley.training.data.TooLong;
import org.medley.training.optimizer.Method;
import org.medley.training.parallel.Compression;

/**
 * One training run.
 *
 * @param stage needed; decides defaults, and how data is packed
 * @param model what is trained
 * @param adapter absent: all of the model's weights are trained
 * @param device where it is trained; default cpu. With gpu each worker has an NVIDIA device of the machine, from the
 *     first on; they have precisions fp32, bf16, fp8_block and fp8_tensor and optimizer adamw, and neither compression,
 *     averages, DoRA nor grpo. Mixtures of experts are trained on cpu
 * @param data what it is trained on, mixed by weight
 * @param evaluation held-out data whose loss is measured during training; optional
 * @param samples prompts that are answered during training, for people to read; optional
 * @param reinforce needed by stage reinforce, refused by others
 * @param sequence longest example in tokens; default 512
 * @param tooLong what is done with a chat, pair or prompt that is longer; default refuse
 * @param batchTokens tokens of an optimizer step, at least; default 4 · microTokens; not used by reinforce
 * @param microTokens tokens of a forward and backward pass; bounds the memory; default 4096, or batchTokens if
 *     that is less, or sequence if that is more
 * @param steps optimizer steps; either these or epochs
 * @param epochs passes over the data
 * @param recompute whether layers are computed again on the way back instead of kept; default false
 * @param average weight of the old value in a moving average of the weights, which is what is written then; 0: none;
 *     default 0
 * @param dtype format of the written model, F32 or BF16; default BF16
 * @param seed of the initial weights and of the order of the data; default 1
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrainRecipe(
        String name,
        String description,
        Stage stage,
        ModelSection model,
        AdapterSection adapter,
        PrecisionSection precision,
        Device device,
        List<DataSection> data,
        EvaluationSection evaluation,
        SampleSection samples,
        ReinforceSection reinforce,
        Integer sequence,
        TooLong tooLong,
        Integer batchTokens,
        Integer microTokens,
        Integer steps,
        Double epochs,
        OptimizerSection optimizer,
        StabilitySection stability,
        ExchangeSection exchange,
        CheckpointSection checkpoint,
        Boolean recompute,
        Double average,
        String dtype,
        Long seed)
        implements Recipe {
    static final int MAX_STEPS = 10_000_000;

    /** What a run is for. */
    public enum Stage {
        /** Documents laid end to end and cut to length; none attends to another. */
        pretrain,
        /** Whole examples of like length beside each other; what is not answered is not learned. */
        finetune,
        /** Judgements on answers. */
        reinforce
    }

    /** Where a model is trained. */
    public enum Device {
        cpu,
        gpu
    }

    /**
     * @param every steps between two measurements; default a tenth of all
     * @param examples of each dataset that are measured; default 64
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record EvaluationSection(List<DataSection> data, Integer every, Integer examples) {}

    /**
     * @param every steps between two readings; default a fifth of all
     * @param tokens longest answer; default 64
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SampleSection(List<String> prompts, Integer every, Integer tokens) {}

    /**
     * @param every steps between two checkpoints; default a fifth of all
     * @param keep how many of the newest are kept; default 2
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CheckpointSection(Integer every, Integer keep) {}

    /** The same recipe with every default written out, and checked. */
    TrainRecipe completed(Checks checks) {
        checks.name(name);
        checks.that(stage != null, "stage", "is missing; pretrain, finetune and reinforce are possible");
        checks.that(model != null, "model", "is missing; it says what to train");
        ModelSection fullModel = model.completed(checks);
        AdapterSection fullAdapter = adapter == null ? null : adapter.completed(checks);
        checks.that(
                adapter == null || model.from() != null,
                "adapter",
                "needs a model to add to; set model.from instead of model.scratch");
        PrecisionSection numbers =
                (precision == null ? new PrecisionSection(null, null, null) : precision).completed(checks);
        ReinforceSection judged = reinforcement(checks, numbers);
        List<DataSection> mix = checks.data("data", data);
        checkFormats(checks, mix, "data", judged);
        checks.that((steps == null) != (epochs == null), "steps", "or epochs is needed, and not both");
        checks.that(
                epochs == null || judged == null || judged.fromPairs(),
                "epochs",
                "is not used by grpo, which asks its prompts again and again; set steps");
        boolean known = steps != null && checks.range("steps", steps, null, 1, MAX_STEPS) == steps;
        int all = known ? steps : 0;
        Double passes = epochs == null ? null : (Double) checks.range("epochs", epochs, 1, 1e-3, 10_000);
        int longest = checks.range("sequence", sequence, 512, 8, 1 << 20);
        if (fullModel.scratch() != null) {
            checks.that(
                    fullModel.scratch().context() >= longest,
                    "model.scratch.context",
                    "is " + fullModel.scratch().context() + "; sequence is " + longest);
        }
        int usual = Math.max(longest, Math.min(4096, batchTokens == null ? 4096 : batchTokens));
        int micro = checks.range("microTokens", microTokens, usual, longest, 1 << 20);
        if (stage == Stage.reinforce) {
            checks.unused(batchTokens, "batchTokens", "by stage reinforce");
        }
        // A pass may not be filled, so that a little less than microTokens is one pass where as many would be two.
        checks.that(
                batchTokens == null || batchTokens < 1 || batchTokens > micro / 2,
                "batchTokens",
                "is " + batchTokens + ", but a step has a pass at least, and a pass up to " + micro
                        + " tokens; lower microTokens or sequence, or raise batchTokens");
        if (stage == Stage.pretrain) {
            checks.unused(tooLong, "tooLong", "by stage pretrain, which cuts documents anyway");
        }
        OptimizerSection rates = (optimizer == null ? OptimizerSection.EMPTY : optimizer)
                .completed(checks, defaultSchedule(), defaultRate(), all);
        ExchangeSection shared =
                (exchange == null ? new ExchangeSection(null, null, null) : exchange).completed(checks);
        checkDevice(checks, numbers, rates, judged, shared);
        return new TrainRecipe(
                name,
                description,
                stage,
                fullModel,
                fullAdapter,
                numbers,
                device == null ? Device.cpu : device,
                mix,
                evaluation(checks, all, judged),
                samples(checks, all),
                judged,
                longest,
                stage == Stage.pretrain || tooLong != null ? tooLong : TooLong.refuse,
                stage == Stage.reinforce
                        ? null
                        : (Integer) checks.range("batchTokens", batchTokens, 4 * micro, 1, 1 << 26),
                micro,
                steps,
                passes,
                rates,
                (stability == null ? StabilitySection.EMPTY : stability).completed(checks),
                shared,
                checkpoint(checks, all),
                Boolean.TRUE.equals(recompute),
                checks.range("average", average, 0, 0, 0.99999),
                checks.dtype(dtype),
                seed == null ? 1L : seed);
    }

    private void checkDevice(
            Checks checks,
            PrecisionSection numbers,
            OptimizerSection rates,
            ReinforceSection judged,
            ExchangeSection shared) {
        if (device != Device.gpu) {
            return;
        }
        checks.that(
                numbers.format().onGpu(),
                "precision.format",
                "is " + numbers.format() + ", which device gpu does not have; fp32, bf16, fp8_block and fp8_tensor are"
                        + " possible");
        checks.unused(numbers.outliers(), "precision.outliers", "by device gpu");
        checks.that(
                rates.method() == Method.adamw,
                "optimizer.method",
                "is " + rates.method() + ", which device gpu does not have; adamw is possible");
        checks.that(
                average == null || average == 0,
                "average",
                "is " + average + "; device gpu keeps no average of weights, remove it");
        checks.that(
                shared.compression() == Compression.none,
                "exchange.compression",
                "is " + shared.compression() + ", which device gpu does not have; none is possible");
        checks.that(
                adapter == null || adapter.kind() != AdapterSection.Kind.dora,
                "adapter.kind",
                "is dora, which device gpu does not have; lora is possible");
        checks.that(
                judged == null || judged.fromPairs(),
                "reinforce.method",
                "is " + (judged == null ? "" : judged.method())
                        + ", whose answers are written by the processor; methods over pairs are possible on device gpu");
    }

    private OptimizerSection.ScheduleKind defaultSchedule() {
        return switch (stage) {
            case pretrain -> OptimizerSection.ScheduleKind.wsd;
            case finetune -> OptimizerSection.ScheduleKind.cosine;
            case reinforce -> OptimizerSection.ScheduleKind.constant;
        };
    }

    private double defaultRate() {
        if (model.scratch() != null) {
            return 1e-3;
        }
        return switch (stage) {
            case pretrain -> 1e-4;
            case finetune -> adapter == null ? 2e-5 : 2e-4;
            case reinforce -> adapter == null ? 1e-6 : 1e-5;
        };
    }

    private ReinforceSection reinforcement(Checks checks, PrecisionSection numbers) {
        if (stage != Stage.reinforce) {
            checks.unused(reinforce, "reinforce", "by stage " + stage);
            return null;
        }
        checks.that(reinforce != null, "reinforce", "is missing; stage reinforce needs it");
        checks.that(model.from() != null, "model.scratch", "cannot answer anything yet; reinforce starts from a model");
        return reinforce.completed(checks, numbers, adapter != null);
    }

    private static void checkFormats(Checks checks, List<DataSection> mix, String key, ReinforceSection judged) {
        for (int i = 0; i < mix.size(); i++) {
            Format format = mix.get(i).format();
            String at = key + "[" + i + "].format";
            if (judged == null) {
                checks.that(
                        format != Format.pairs && format != Format.prompts,
                        at,
                        "is " + format + ", which stage reinforce reads; text, chat and tokens are possible");
            } else {
                Format needed = judged.fromPairs() ? Format.pairs : Format.prompts;
                checks.that(format == needed, at, "is " + format + "; method " + judged.method() + " reads " + needed);
            }
        }
    }

    private EvaluationSection evaluation(Checks checks, int all, ReinforceSection judged) {
        if (evaluation == null) {
            return null;
        }
        List<DataSection> held = checks.data("evaluation.data", evaluation.data);
        checkFormats(checks, held, "evaluation.data", judged);
        return new EvaluationSection(
                held,
                every(checks, "evaluation.every", evaluation.every, all, 10),
                checks.range("evaluation.examples", evaluation.examples, 64, 1, 1_000_000));
    }

    private SampleSection samples(Checks checks, int all) {
        if (samples == null) {
            return null;
        }
        checks.that(
                samples.prompts != null
                        && !samples.prompts.isEmpty()
                        && samples.prompts.size() <= 16
                        && samples.prompts.stream().allMatch(p -> p != null && !p.isBlank()),
                "samples.prompts",
                "needs 1 to 16 texts that are not empty");
        return new SampleSection(
                List.copyOf(samples.prompts),
                every(checks, "samples.every", samples.every, all, 5),
                checks.range("samples.tokens", samples.tokens, 64, 1, 4_096));
    }

    private CheckpointSection checkpoint(Checks checks, int all) {
        CheckpointSection c = checkpoint == null ? new CheckpointSection(null, null) : checkpoint;
        return new CheckpointSection(
                every(checks, "checkpoint.every", c.every, all, 5),
                checks.range("checkpoint.keep", c.keep, 2, 1, 1_000));
    }

    /** @param all steps, or 0 if they are not known yet: the default stays open then */
    private static Integer every(Checks checks, String key, Integer every, int all, int share) {
        int bound = all == 0 ? MAX_STEPS : all;
        return every == null && all == 0
                ? null
                : (Integer) checks.range(key, every, Math.max(1, all / share), 1, bound);
    }

    /** The same recipe, in steps, once the data has said how many its epochs are. */
    public TrainRecipe over(int all) {
        Checks checks = new Checks(key -> name + ": ");
        return new TrainRecipe(
                name,
                description,
                stage,
                model,
                adapter,
                precision,
                device,
                data,
                evaluation == null
                        ? null
                        : new EvaluationSection(evaluation.data, over(evaluation.every, all, 10), evaluation.examples),
                samples == null
                        ? null
                        : new SampleSection(samples.prompts, over(samples.every, all, 5), samples.tokens),
                reinforce,
                sequence,
                tooLong,
                batchTokens,
                microTokens,
                all,
                null,
                optimizer.over(checks, all),
                stability,
                exchange,
                new CheckpointSection(over(checkpoint.every, all, 5), checkpoint.keep),
                recompute,
                average,
                dtype,
                seed);
    }

    private static int over(Integer every, int all, int share) {
        return every == null ? Math.max(1, all / share) : Math.min(every, all);
    }
}
