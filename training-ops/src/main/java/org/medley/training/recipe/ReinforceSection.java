package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;

/**
 * How a model learns from judgements on answers.
 *
 * @param method needed
 * @param prompts grpo: groups of answers of a step; default 8
 * @param answers grpo: answers of a group; default 8
 * @param answerTokens grpo: longest answer; default 256. An answer that does not end by then is judged as it is
 * @param temperature grpo: of the answers; default 1
 * @param clipLow grpo: how far a token's probability may fall before its gradient ends, as a share; default 0.2
 * @param clipHigh grpo: how far it may rise; default 0.28
 * @param truncate grpo: highest weight of a token that the trainer finds likelier than the engine that wrote it; 0
 *     weighs none; default 2
 * @param updates grpo: optimizer steps for each set of answers; default 1
 * @param refills grpo: how often groups whose answers are all judged alike are replaced by others; default 2
 * @param engine grpo: what numbers the engine that answers computes with; default those of the trainer
 * @param rewards grpo: what judges answers; the weighted sum counts
 * @param pairs dpo, ipo: pairs of a step; default 8
 * @param beta dpo: strength of the tie to the start; ipo: half the inverse of the margin aimed at; default 0.1
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ReinforceSection(
        Method method,
        Integer prompts,
        Integer answers,
        Integer answerTokens,
        Double temperature,
        Double clipLow,
        Double clipHigh,
        Double truncate,
        Integer updates,
        Integer refills,
        PrecisionSection engine,
        List<RewardSection> rewards,
        Integer pairs,
        Double beta) {
    /** What is learned from. */
    public enum Method {
        /**
         * Answers of the model itself, each beside others to the same prompt (Shao et al. 2024), with DAPO's refinements
         * (Yu et al. 2025): clipping higher above than below, one mean over all tokens, no groups without a spread.
         */
        grpo,
        /** Pairs of a better and a worse answer (Rafailov et al. 2023). */
        dpo,
        /** The same with a bounded margin (Azar et al. 2023). */
        ipo
    }

    public boolean fromPairs() {
        return method != Method.grpo;
    }

    ReinforceSection completed(Checks checks, PrecisionSection precision, boolean adapted) {
        String at = "reinforce.";
        if (adapted) {
            checks.unused(engine, at + "engine", "with an adapter, whose engine computes as the trainer does");
        }
        checks.that(method != null, at + "method", "is missing; grpo, dpo and ipo are possible");
        return fromPairs() ? ofPairs(checks, at) : ofAnswers(checks, at, precision);
    }

    private ReinforceSection ofPairs(Checks checks, String at) {
        String by = "by " + method;
        checks.unused(prompts, at + "prompts", by);
        checks.unused(answers, at + "answers", by);
        checks.unused(answerTokens, at + "answerTokens", by);
        checks.unused(temperature, at + "temperature", by);
        checks.unused(clipLow, at + "clipLow", by);
        checks.unused(clipHigh, at + "clipHigh", by);
        checks.unused(truncate, at + "truncate", by);
        checks.unused(updates, at + "updates", by);
        checks.unused(refills, at + "refills", by);
        checks.unused(engine, at + "engine", by);
        checks.unused(rewards, at + "rewards", by);
        return new ReinforceSection(
                method,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                checks.range(at + "pairs", pairs, 8, 1, 10_000),
                checks.range(at + "beta", beta, 0.1, 1e-6, 100));
    }

    private ReinforceSection ofAnswers(Checks checks, String at, PrecisionSection precision) {
        checks.unused(pairs, at + "pairs", "by grpo");
        checks.unused(beta, at + "beta", "by grpo");
        checks.that(rewards != null && !rewards.isEmpty(), at + "rewards", "is missing; grpo needs at least one");
        List<RewardSection> full = new ArrayList<>();
        for (int i = 0; i < rewards.size(); i++) {
            String place = at + "rewards[" + i + "]";
            checks.that(rewards.get(i) != null, place, "is empty; it needs a kind");
            full.add(rewards.get(i).completed(checks, place));
        }
        int group = checks.range(at + "answers", answers, 8, 2, 1_024);
        int groups = checks.range(at + "prompts", prompts, 8, 1, 10_000);
        int times = checks.range(at + "updates", updates, 1, 1, 100);
        checks.that(
                times <= groups, at + "updates", "is " + times + "; there are only " + groups + " prompts to share");
        return new ReinforceSection(
                method,
                groups,
                group,
                checks.range(at + "answerTokens", answerTokens, 256, 1, 1 << 20),
                checks.range(at + "temperature", temperature, 1, 0.01, 10),
                checks.range(at + "clipLow", clipLow, 0.2, 0, 1),
                checks.range(at + "clipHigh", clipHigh, 0.28, 0, 100),
                checks.range(at + "truncate", truncate, 2, 0, 1_000),
                times,
                checks.range(at + "refills", refills, 2, 0, 100),
                engine == null ? precision : engine.completed(checks),
                List.copyOf(full),
                null,
                null);
    }
}
