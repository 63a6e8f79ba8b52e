package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.weights.ModelFolder;

class EngineTest {
    @TempDir
    static Path folder;

    private static Engine engine(Engine.Limits limits) throws Exception {
        return new Engine(
                "tiny",
                new ModelFolder(TinyModel.write(folder.resolve("tiny"), 5)),
                Engine.Options.DEFAULT.withContext(128).withLimits(limits),
                EngineObserver.NONE);
    }

    private record Answer(String text, TokenListener.FinishReason reason, TokenListener.Usage usage) {}

    private static CompletableFuture<Answer> ask(Engine engine, String prompt, SamplingParams params) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        StringBuilder text = new StringBuilder();
        engine.submit(engine.tokenizer().encode(prompt), params, new TokenListener() {
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
        });
        return answer;
    }

    @Test
    void manyAtOnceGetWhatEachGetsAlone() throws Exception {
        try (Engine engine = engine(Engine.Limits.DEFAULT)) {
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

    @Test
    void aSeedRepeatsAndLimitsHold() throws Exception {
        try (Engine engine = engine(Engine.Limits.DEFAULT)) {
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
        Engine engine = engine(new Engine.Limits(1, 2, 512));
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
