package org.medley.training.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.Request;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.weights.ModelSource;

/** Answers of the model that is being trained, written by the serving engine with the weights as they are. */
final class Rollouts implements AutoCloseable {
    private static final int WAITING = 1 << 20;
    private static final int STEP_TOKENS = 2048;
    private static final int SEQUENCES = 64;

    private final Served served;
    private final Engine engine;
    private final int context;
    private int version;

    /**
     * @param text the model's tokenizer and template
     * @param temperature that logits are divided by
     * @param context longest prompt and answer together
     */
    Rollouts(ModelSource text, Served served, double temperature, int context) {
        this.served = served;
        this.context = context;
        this.engine = Engine.live(
                "student",
                text,
                served.model(temperature),
                EngineOptions.DEFAULT
                        .withContext(context)
                        .withLimits(new EngineOptions.Limits(SEQUENCES, WAITING, STEP_TOKENS)));
    }

    /**
     * An answer.
     *
     * @param tokens with the one that ended it
     * @param logprobs of the tokens as the engine drew them
     * @param ended whether the model ended it itself
     */
    record Written(int[] tokens, float[] logprobs, String text, boolean ended) {}

    /** A text in tokens, as it is or as a user's turn that is to be answered; its end if it is longer than there is room. */
    int[] prompt(String text, boolean turn) {
        String whole = turn ? engine.template().render(List.of(new ChatTemplate.Message("user", text)), true) : text;
        int[] tokens = engine.tokenizer().encode(whole);
        return Arrays.copyOfRange(tokens, Math.max(0, tokens.length - context + 1), tokens.length);
    }

    /** The weights were changed. */
    void weightsChanged() {
        served.weightsChanged();
        engine.weightsChanged();
        version++;
    }

    /**
     * Several answers to each prompt.
     *
     * @param answerTokens longest answer; the context bounds it too
     * @param temperature 1 draws, 0 takes the likeliest
     * @param seed each answer to each prompt has its own from it
     * @return by prompt
     */
    List<List<Written>> ask(List<int[]> prompts, int answers, int answerTokens, float temperature, long seed) {
        List<List<Collector>> asked = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            SamplingParams params = SamplingParams.builder()
                    .temperature(temperature)
                    .maxTokens(Math.max(1, Math.min(answerTokens, context - prompt.length)))
                    .seed((seed * 1_000_003 + i) * 65_537)
                    .logprobs(0)
                    .build();
            List<Collector> collectors = new ArrayList<>();
            for (int answer = 0; answer < answers; answer++) {
                collectors.add(new Collector());
            }
            engine.submit(new Request(prompt, params, "version " + version, null, null), List.copyOf(collectors));
            asked.add(collectors);
        }
        return asked.stream()
                .map(group -> group.stream().map(c -> c.done.join()).toList())
                .toList();
    }

    /** Hears an answer; on the engine's thread alone until it is done. */
    private static final class Collector implements TokenListener {
        private final CompletableFuture<Written> done = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private final List<Integer> tokens = new ArrayList<>();
        private final List<Float> logprobs = new ArrayList<>();

        @Override
        public void token(int token, float logprob) {
            tokens.add(token);
            logprobs.add(logprob);
        }

        @Override
        public void text(String piece, List<Chosen> chosen) {
            text.append(piece);
        }

        @Override
        public void end(FinishReason reason, Usage usage) {
            float[] values = new float[logprobs.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = logprobs.get(i);
            }
            done.complete(new Written(
                    tokens.stream().mapToInt(Integer::intValue).toArray(),
                    values,
                    text.toString(),
                    reason == FinishReason.stop));
        }

        @Override
        public void failed(RuntimeException cause) {
            done.completeExceptionally(cause);
        }
    }

    @Override
    public void close() {
        engine.close();
        served.close();
    }
}
