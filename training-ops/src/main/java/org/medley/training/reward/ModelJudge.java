package org.medley.training.reward;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.Request;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.weights.ModelFolder;

/**
 * How likely another model finds it that the answer is good: the probability that it says yes, of yes and no. Keys:
 * {@code model}, {@code question} put to it behind prompt and answer.
 */
final class ModelJudge implements RewardKind {
    private static final String QUESTION =
            "Is this answer correct, complete and free of unsupported statements? Say yes or no.";
    private static final int ALTERNATIVES = 20;

    @Override
    public String name() {
        return "judge";
    }

    @Override
    public String about() {
        return "another model says yes to it";
    }

    @Override
    public Set<String> keys() {
        return Set.of("model", "question");
    }

    @Override
    public void check(RewardSettings settings) {
        settings.text("model", null);
        settings.text("question", QUESTION);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        check(settings);
        Engine engine = new Engine(
                "judge",
                new ModelFolder(models.apply(settings.text("model", null))),
                EngineOptions.DEFAULT.withLimits(new EngineOptions.Limits(64, 1 << 20, 2048)),
                EngineObserver.NONE);
        return new Judge(engine, settings.text("question", QUESTION));
    }

    private record Judge(Engine engine, String question) implements Reward {
        @Override
        public double[] judge(List<Answer> answers) {
            List<CompletableFuture<Double>> verdicts = new ArrayList<>();
            answers.forEach(answer -> verdicts.add(ask(answer)));
            return verdicts.stream().mapToDouble(CompletableFuture::join).toArray();
        }

        private CompletableFuture<Double> ask(Answer answer) {
            StringBuilder conversation = new StringBuilder();
            for (JsonNode message : answer.prompt().path("messages")) {
                conversation.append(message.path("role").asText()).append(": ");
                conversation.append(message.path("content").asText()).append("\n\n");
            }
            conversation
                    .append("assistant: ")
                    .append(answer.text())
                    .append("\n\n")
                    .append(question);
            int[] prompt = engine.tokenizer()
                    .encode(engine.template()
                            .render(List.of(new ChatTemplate.Message("user", conversation.toString())), true));
            CompletableFuture<Double> verdict = new CompletableFuture<>();
            SamplingParams params =
                    SamplingParams.builder().maxTokens(1).logprobs(ALTERNATIVES).build();
            engine.submit(new Request(prompt, params), List.of(new FirstToken(engine, verdict)));
            return verdict;
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    /** Weighs yes against no among the likeliest first tokens; half if neither is among them. */
    private record FirstToken(Engine engine, CompletableFuture<Double> verdict) implements TokenListener {
        @Override
        public void text(String piece, List<Chosen> tokens) {
            double yes = 0;
            double no = 0;
            for (Candidate candidate : tokens.getFirst().top()) {
                String text = engine.tokenizer()
                        .decode(new int[] {candidate.token()}, false)
                        .strip()
                        .toLowerCase(Locale.ROOT);
                yes += text.equals("yes") ? Math.exp(candidate.logprob()) : 0;
                no += text.equals("no") ? Math.exp(candidate.logprob()) : 0;
            }
            verdict.complete(yes + no == 0 ? 0.5 : yes / (yes + no));
        }

        @Override
        public void end(FinishReason reason, Usage usage) {
            verdict.complete(0.5); // said nothing that is text
        }

        @Override
        public void failed(RuntimeException cause) {
            verdict.completeExceptionally(cause);
        }
    }
}
