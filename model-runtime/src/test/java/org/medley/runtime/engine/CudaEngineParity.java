package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.weights.ModelFolder;

/** Whole answers of an engine on a device beside those on the processor. */
abstract class CudaEngineParity {
    private static final List<String> PROMPTS = List.of("a", "fever and cough, cough and fever", "x".repeat(70));

    @TempDir
    static Path folder;

    abstract Gpu open();

    private enum Kind {
        GREEDY,
        DRAWN,
        PENALIZED,
        BOUND,
        TOLD,
        GUESSED,
        GUESSED_BY_A_MODEL
    }

    /** Every second token is odd, as a bound that depends on what was said. */
    private static final class Alternating implements Constraint {
        private int said;

        @Override
        public long[] allowed() {
            long[] bits = new long[5];
            Arrays.fill(bits, said % 2 == 0 ? 0x5555555555555555L : 0xaaaaaaaaaaaaaaaaL);
            return bits;
        }

        @Override
        public void accept(int token) {
            assertThat(token % 2).isEqualTo(said++ % 2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersAreThoseOfTheProcessor(Kind kind) throws Exception {
        AtomicInteger drawn = new AtomicInteger();
        List<String> expected = answers(kind, CpuRunner::load);
        List<String> got = answers(
                kind, (model, options, pages) -> counting(CudaRunner.load(open(), model, options, pages), drawn));
        assertThat(got).isEqualTo(expected);
        // Rows whose alternatives are told are not the device's to choose; and at least a prompt's last is no guess.
        assertThat(drawn.get() > 0).as("tokens chosen on the device").isEqualTo(kind != Kind.TOLD);
    }

    private static List<String> answers(Kind kind, Runner.Loader loader) throws Exception {
        SamplingParams.Builder params =
                SamplingParams.builder().maxTokens(10).seed(11).ignoreEnd(true);
        switch (kind) {
            case DRAWN -> params.temperature(0.9f).topP(0.9f).topK(40);
            case PENALIZED ->
                params.temperature(1)
                        .minP(0.02f)
                        .repetitionPenalty(1.2f)
                        .presencePenalty(0.5f)
                        .bias(Map.of(70, 3f));
            case TOLD -> params.logprobs(2);
            case GREEDY, BOUND, GUESSED, GUESSED_BY_A_MODEL -> params.logprobs(0);
        }
        Supplier<Constraint> bound = kind == Kind.BOUND ? Alternating::new : null;
        boolean guessed = kind == Kind.GUESSED || kind == Kind.GUESSED_BY_A_MODEL;
        ModelFolder other = new ModelFolder(TinyModel.write(folder.resolve("other"), 6));
        EngineOptions options = EngineOptions.DEFAULT
                .withContext(128)
                .withCache(DType.F32, 1 << 20)
                .withDrafts(guessed ? 3 : 0, kind == Kind.GUESSED_BY_A_MODEL ? other : null);
        ModelFolder model = new ModelFolder(TinyModel.write(folder.resolve("tiny"), 5));
        try (Engine engine = new Engine("tiny", model, options, EngineObserver.NONE, loader)) {
            List<CompletableFuture<Engine.Completion>> answers = new ArrayList<>();
            for (String prompt : PROMPTS) {
                int[] ids = engine.tokenizer().encode(prompt);
                answers.add(engine.complete(new Request(ids, params.build(), "", null, bound)));
            }
            List<String> texts = new ArrayList<>();
            for (CompletableFuture<Engine.Completion> answer : answers) {
                texts.add(answer.get(60, TimeUnit.SECONDS).text());
            }
            return texts;
        }
    }

    /** The same runner, counting the tokens that it chooses. */
    private static Runner counting(Runner runner, AtomicInteger drawn) {
        return new Runner() {
            @Override
            public Yield run(int[] tokens, List<Batch.Span> spans, int[] rows, Supplier<Draw[]> draws) {
                Yield found = runner.run(tokens, spans, rows, draws);
                drawn.addAndGet((int)
                        Stream.of(found.drawn()).filter(one -> one != null).count());
                return found;
            }

            @Override
            public Tensor run(int[] tokens, List<Batch.Span> spans, int[] rows) {
                return runner.run(tokens, spans, rows);
            }

            @Override
            public Network.Shape shape() {
                return runner.shape();
            }

            @Override
            public String device() {
                return runner.device();
            }

            @Override
            public int pages() {
                return runner.pages();
            }

            @Override
            public void copy(List<Step.Copy> copies) {
                runner.copy(copies);
            }

            @Override
            public void addAdapter(String name, Path from) {
                runner.addAdapter(name, from);
            }

            @Override
            public void removeAdapter(String name) {
                runner.removeAdapter(name);
            }

            @Override
            public long weightBytes() {
                return runner.weightBytes();
            }

            @Override
            public long bytes() {
                return runner.bytes();
            }

            @Override
            public void close() {
                runner.close();
            }
        };
    }
}
