package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.weights.ModelFolder;

class EngineTest {
    @TempDir
    static Path folder;

    private static Engine engine(EngineOptions.Limits limits) throws Exception {
        return new Engine(
                "tiny",
                new ModelFolder(TinyModel.write(folder.resolve("tiny"), 5)),
                EngineOptions.DEFAULT.withContext(128).withLimits(limits),
                EngineObserver.NONE);
    }

    private record Answer(String text, TokenListener.FinishReason reason, TokenListener.Usage usage) {}

    private static CompletableFuture<Answer> ask(Engine engine, String prompt, SamplingParams params) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        engine.submit(engine.tokenizer().encode(prompt), params, gathering(answer));
        return answer;
    }

    private static TokenListener gathering(CompletableFuture<Answer> answer) {
        StringBuilder text = new StringBuilder();
        return new TokenListener() {
            @Override
            public void text(String piece, List<Chosen> tokens) {
                assertThat(piece).isNotEmpty();
                text.append(piece);
            }

            @Override
            public void end(FinishReason reason, Usage usage) {
                answer.complete(new Answer(text.toString(), reason, usage));
            }

            @Override
            public void failed(RuntimeException cause) {
                answer.completeExceptionally(cause);
            }
        };
    }

    @Test
    void manyAtOnceGetWhatEachGetsAlone() throws Exception {
        try (Engine engine = engine(EngineOptions.Limits.DEFAULT)) {
            List<String> prompts = List.of("a", "fever and cough", "x".repeat(90), "Grüße", "one two three");
            List<Answer> alone = new ArrayList<>();
            for (String prompt : prompts) {
                alone.add(ask(engine, prompt, SamplingParams.greedy(20)).get(30, TimeUnit.SECONDS));
            }
            List<CompletableFuture<Answer>> together = prompts.stream()
                    .map(prompt -> ask(engine, prompt, SamplingParams.greedy(20)))
                    .toList();
            for (int i = 0; i < prompts.size(); i++) {
                assertThat(together.get(i).get(30, TimeUnit.SECONDS).text())
                        .isEqualTo(alone.get(i).text());
            }
        }
    }

    private static final List<String> PROMPTS = List.of(
            "a", "fever and cough, cough and fever", "x".repeat(90), "Grüße", "one two three one two three one two");

    private static List<String> answers(EngineOptions options, SamplingParams params, int at) throws Exception {
        Path model = TinyModel.write(folder.resolve("tiny"), 5);
        try (Engine engine = new Engine("tiny", new ModelFolder(model), options, EngineObserver.NONE)) {
            List<String> texts = new ArrayList<>();
            List<CompletableFuture<Answer>> waiting = new ArrayList<>();
            for (int i = 0; i < 3 * PROMPTS.size(); i++) {
                waiting.add(ask(engine, PROMPTS.get(i % PROMPTS.size()), params));
                if (waiting.size() == at) {
                    texts.add(waiting.removeFirst().get(30, TimeUnit.SECONDS).text());
                }
            }
            for (CompletableFuture<Answer> answer : waiting) {
                texts.add(answer.get(30, TimeUnit.SECONDS).text());
            }
            return texts;
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.8f})
    void theTextIsTheSameHoweverItIsComputed(float temperature) throws Exception {
        SamplingParams params = SamplingParams.builder()
                .temperature(temperature)
                .seed(3)
                .maxTokens(60)
                .build();
        EngineOptions plain = EngineOptions.DEFAULT.withContext(192);
        List<String> expected = answers(plain, params, 1);
        EngineOptions pieces = plain.withLimits(new EngineOptions.Limits(8, 100, 9));
        assertThat(answers(pieces, params, 100)).as("prompts in pieces").isEqualTo(expected);
        long page = KvPool.pageBytes(2, 2, 8, DType.F32);
        EngineOptions crowded = pieces.withCache(DType.F32, 9 * page);
        assertThat(answers(crowded, params, 100)).as("preempted").isEqualTo(expected);
        assertThat(answers(plain.withDrafts(4, null), params, 100))
                .as("guessed from the text")
                .isEqualTo(expected);
        ModelFolder other = new ModelFolder(TinyModel.write(folder.resolve("other"), 6));
        assertThat(answers(
                        crowded.withLimits(new EngineOptions.Limits(8, 100, 40)).withDrafts(3, other), params, 100))
                .as("guessed by another model, and preempted")
                .isEqualTo(expected);
    }

    @Test
    void aModelThatGuessesForItselfIsNearlyAlwaysRight() throws Exception {
        ModelFolder model = new ModelFolder(TinyModel.write(folder.resolve("tiny"), 5));
        AtomicInteger drafted = new AtomicInteger();
        AtomicInteger accepted = new AtomicInteger();
        EngineObserver observer = new EngineObserver() {
            @Override
            public void step(StepStats stats) {
                drafted.addAndGet(stats.drafted());
                accepted.addAndGet(stats.accepted());
            }

            @Override
            public void token(long sincePrevious) {}

            @Override
            public void ended(RequestStats stats) {}
        };
        EngineOptions options = EngineOptions.DEFAULT.withContext(128).withDrafts(3, model);
        try (Engine engine = new Engine("tiny", model, options, observer)) {
            for (String prompt : PROMPTS.subList(0, 2)) {
                ask(engine, prompt, SamplingParams.greedy(60)).get(30, TimeUnit.SECONDS);
            }
        }
        assertThat(accepted.get()).isGreaterThan(50).isGreaterThan((int) (0.9 * drafted.get()));
    }

    @Test
    void severalAnswersToOneRequestShareItsPromptAndDiffer() throws Exception {
        try (Engine engine = engine(EngineOptions.Limits.DEFAULT)) {
            SamplingParams params = SamplingParams.builder()
                    .temperature(1.2f)
                    .seed(8)
                    .maxTokens(20)
                    .build();
            List<CompletableFuture<Answer>> answers = new ArrayList<>();
            List<TokenListener> listeners = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(new CompletableFuture<>());
                listeners.add(gathering(answers.get(i)));
            }
            int[] prompt = engine.tokenizer().encode("p".repeat(50));
            engine.submit(new Request(prompt, params), listeners);
            List<Answer> got = new ArrayList<>();
            for (CompletableFuture<Answer> answer : answers) {
                got.add(answer.get(30, TimeUnit.SECONDS));
            }
            assertThat(got.stream().map(Answer::text)).doesNotHaveDuplicates();
            assertThat(got.stream().skip(1).map(answer -> answer.usage().cachedTokens()))
                    .containsOnly(49);
            assertThat(ask(engine, "p".repeat(50), params)
                            .get(30, TimeUnit.SECONDS)
                            .text())
                    .isEqualTo(got.getFirst().text());
        }
    }

    @Test
    void logprobsBiasAndEndingsAreAsAskedFor() throws Exception {
        try (Engine engine = engine(EngineOptions.Limits.DEFAULT)) {
            List<TokenListener.Chosen> chosen = new CopyOnWriteArrayList<>();
            CompletableFuture<Answer> done = new CompletableFuture<>();
            TokenListener gathering = gathering(done);
            SamplingParams params =
                    SamplingParams.builder().logprobs(5).maxTokens(12).build();
            engine.submit(engine.tokenizer().encode("tell"), params, new TokenListener() {
                @Override
                public void text(String piece, List<Chosen> tokens) {
                    chosen.addAll(tokens);
                    gathering.text(piece, tokens);
                }

                @Override
                public void end(FinishReason reason, Usage usage) {
                    gathering.end(reason, usage);
                }

                @Override
                public void failed(RuntimeException cause) {
                    gathering.failed(cause);
                }
            });
            done.get(30, TimeUnit.SECONDS);
            assertThat(chosen).isNotEmpty();
            for (TokenListener.Chosen token : chosen) {
                assertThat(token.top()).hasSize(5);
                assertThat(token.top().getFirst().token()).isEqualTo(token.token());
                assertThat(token.top().getFirst().logprob()).isEqualTo(token.logprob());
                assertThat(token.top().stream()
                                .mapToDouble(c -> Math.exp(c.logprob()))
                                .sum())
                        .isBetween(0.0, 1.00001);
            }
            SamplingParams only = SamplingParams.builder()
                    .bias(Map.of('q' + 3, 100f))
                    .maxTokens(5)
                    .build();
            assertThat(ask(engine, "b", only).get(30, TimeUnit.SECONDS).text()).isEqualTo("qqqqq");
            SamplingParams end =
                    SamplingParams.builder().bias(Map.of(2, 100f)).maxTokens(9).build();
            assertThat(ask(engine, "b", end).get(30, TimeUnit.SECONDS).usage().completionTokens())
                    .isEqualTo(1);
            SamplingParams later = SamplingParams.builder()
                    .bias(Map.of(2, 100f))
                    .minTokens(4)
                    .maxTokens(9)
                    .build();
            assertThat(ask(engine, "b", later).get(30, TimeUnit.SECONDS).usage().completionTokens())
                    .isEqualTo(5);
        }
    }

    @Test
    void aSeedRepeatsAndLimitsHold() throws Exception {
        try (Engine engine = engine(EngineOptions.Limits.DEFAULT)) {
            SamplingParams warm = SamplingParams.builder()
                    .temperature(1)
                    .topK(40)
                    .topP(0.9f)
                    .repetitionPenalty(1.1f)
                    .seed(99)
                    .maxTokens(30)
                    .build();
            Answer first = ask(engine, "seed", warm).get(30, TimeUnit.SECONDS);
            assertThat(ask(engine, "seed", warm).get(30, TimeUnit.SECONDS)).isEqualTo(first);
            assertThat(first.usage().completionTokens()).isLessThanOrEqualTo(30);
            Answer full =
                    ask(engine, "y".repeat(120), SamplingParams.greedy(500)).get(30, TimeUnit.SECONDS);
            assertThat(full.usage().promptTokens() + full.usage().completionTokens())
                    .isLessThanOrEqualTo(128);
            assertThatThrownBy(() -> ask(engine, "z".repeat(128), warm))
                    .hasMessage("the prompt has 128 tokens; model tiny takes at most 127 and needs room for an answer");
        }
    }

    @Test
    void aFullQueueRefusesAndAClosedEngineEndsWhatRuns() throws Exception {
        Engine engine = engine(new EngineOptions.Limits(1, 2, 512));
        List<CompletableFuture<Answer>> taken = new ArrayList<>();
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 50; i++) {
                        taken.add(ask(engine, "wait", SamplingParams.greedy(100)));
                    }
                })
                .isInstanceOf(EngineBusyException.class)
                .hasMessageContaining("2 requests waiting");
        engine.close();
        for (CompletableFuture<Answer> answer : taken) {
            assertThat(answer.get(5, TimeUnit.SECONDS).reason()).isNotNull();
        }
    }

    @Test
    void stopTextsEndTheAnswerEvenAcrossPieces() {
        StopText stop = new StopText(List.of("END", "###"));
        assertThat(stop.accept("one E")).isEqualTo("one ");
        assertThat(stop.accept("N")).isEmpty();
        assertThat(stop.accept("X two #")).isEqualTo("ENX two ");
        assertThat(stop.accept("##three")).isEmpty();
        assertThat(stop.stopped()).isTrue();
        assertThat(stop.rest()).isEmpty();
    }
}
