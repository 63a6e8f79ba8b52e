package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.embed.Embedder.Reading;
import org.medley.runtime.embed.Embedder.Side;
import org.medley.runtime.engine.EncoderEngine.PassObserver;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.EmbeddingSettings.Pooling;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;

class EncoderEngineTest {
    private static final Reading PLAIN = new Reading(Side.PLAIN, 0, true);
    /** Few enough tokens in a pass that texts go in several. */
    private static final EngineOptions OPTIONS = EngineOptions.DEFAULT.withLimits(new EngineOptions.Limits(4, 8, 20));

    private static final List<String> TEXTS = IntStream.range(1, 14)
            .mapToObj(i -> IntStream.range(0, i).mapToObj(j -> "pain" + j % 3).collect(Collectors.joining(" ")))
            .toList();

    @TempDir
    Path folder;

    private EncoderEngine engine(Pooling pooling) throws Exception {
        Path model = TinyEncoder.write(folder.resolve("encoder"), false, 3);
        if (pooling != null) {
            pooling.write(model);
        }
        return new EncoderEngine("encoder", ModelSource.of(model), OPTIONS, PassObserver.NONE);
    }

    @ParameterizedTest
    @EnumSource
    void aTextHasOneVectorWhateverIsAskedForBesideIt(Pooling pooling) throws Exception {
        try (EncoderEngine engine = engine(pooling)) {
            Embedder.Embedded all = engine.embed(TEXTS, PLAIN);
            int tokens = 0;
            for (int i = 0; i < TEXTS.size(); i++) {
                Embedder.Embedded alone = engine.embed(List.of(TEXTS.get(i)), PLAIN);
                tokens += alone.tokens();
                assertThat(all.vectors().get(i)).containsExactly(alone.vectors().getFirst());
                assertThat(norm(alone.vectors().getFirst())).isCloseTo(1, within(1e-5));
            }
            assertThat(all.tokens()).isEqualTo(tokens);
            assertThat(engine.dimensions()).isEqualTo(all.vectors().getFirst().length);
        }
    }

    @Test
    void poolingsTakeWhatTheyAreCalledAfter() throws Exception {
        float[] first = one(Pooling.FIRST, "head pain");
        float[] mean = one(Pooling.MEAN, "head pain");
        float[] last = one(Pooling.LAST, "head pain");
        assertThat(first).isNotEqualTo(mean).isNotEqualTo(last);
        assertThat(mean).isNotEqualTo(last);
    }

    private float[] one(Pooling pooling, String text) throws Exception {
        try (EncoderEngine engine = engine(pooling)) {
            return engine.embed(List.of(text), PLAIN).vectors().getFirst();
        }
    }

    @Test
    void promptsOfTheModelGoBeforeQueriesAndDocuments() throws Exception {
        try (EncoderEngine plain = engine(Pooling.MEAN)) {
            Files.writeString(
                    folder.resolve("encoder/config_sentence_transformers.json"),
                    "{\"prompts\": {\"query\": \"pain: \", \"passage\": \"head: \"}}");
            try (EncoderEngine prompted = new EncoderEngine(
                    "prompted", new ModelFolder(folder.resolve("encoder")), OPTIONS, PassObserver.NONE)) {
                assertThat(prompted.query("x")).containsExactly(plain.passage("pain: x"));
                assertThat(prompted.passage("x")).containsExactly(plain.passage("head: x"));
                assertThat(prompted.embed(List.of("x"), PLAIN).vectors().getFirst())
                        .containsExactly(plain.passage("x"));
            }
        }
    }

    @Test
    void aTextThatIsTooLongIsRefusedOrCutAsAsked() throws Exception {
        String words = "pain ".repeat(60);
        try (EncoderEngine engine = engine(Pooling.MEAN)) {
            assertThatThrownBy(() -> engine.embed(List.of("pain", words), PLAIN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("text 1 has ")
                    .hasMessageContaining("reads at most 48");
            assertThat(engine.embed(List.of(words), new Reading(Side.PLAIN, Integer.MAX_VALUE, true))
                            .tokens())
                    .isEqualTo(48);
            Embedder.Embedded cut = engine.embed(List.of(words), new Reading(Side.PLAIN, 5, true));
            assertThat(cut.tokens()).isEqualTo(5);
            assertThatThrownBy(() -> engine.embed(List.of(words), new Reading(Side.PLAIN, 2, true)))
                    .hasMessageContaining("cut to 2 tokens has none of its own");
            String three = words.substring(0, 4 * 3 + 2);
            assertThat(cut.vectors().getFirst())
                    .containsExactly(
                            engine.embed(List.of(three), PLAIN).vectors().getFirst());
        }
    }

    @Test
    void whatTellsNoPoolingSaysWhatToDo() throws Exception {
        try (EncoderEngine engine = engine(null)) {
            assertThatThrownBy(() -> engine.embed(List.of("pain"), PLAIN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("--pooling FIRST, MEAN or LAST");
        }
        Files.writeString(
                folder.resolve("encoder/modules.json"), "[{\"type\": \"sentence_transformers.models.Dense\"}]");
        assertThatThrownBy(() ->
                        new EncoderEngine("x", new ModelFolder(folder.resolve("encoder")), OPTIONS, PassObserver.NONE))
                .hasMessageContaining("modules.json: has a module 'sentence_transformers.models.Dense'");
    }

    @Test
    void theHashKnowsOfThePooling() throws Exception {
        Path model = TinyEncoder.write(folder.resolve("encoder"), false, 3);
        String before = ModelSource.of(model).sha256();
        Pooling.MEAN.write(model);
        String mean = ModelSource.of(model).sha256();
        Pooling.FIRST.write(model);
        assertThat(List.of(before, mean, ModelSource.of(model).sha256())).doesNotHaveDuplicates();
    }

    @Test
    void aGgufFileOfTheModelGivesTheSameVectors() throws Exception {
        try (EncoderEngine engine = engine(Pooling.MEAN)) {
            Path file = folder.resolve("encoder.gguf");
            GgufExport.write(ModelSource.of(folder.resolve("encoder")), file, DType.F32);
            try (EncoderEngine same = new EncoderEngine("same", ModelSource.of(file), OPTIONS, PassObserver.NONE)) {
                assertThat(same.passage("head pain")).containsExactly(engine.passage("head pain"));
            }
        }
    }

    @Test
    void pairsAreScoredBesideEachOtherAsAlone() throws Exception {
        Path model = TinyEncoder.write(folder.resolve("ranker"), true, 4);
        try (EncoderEngine engine = new EncoderEngine("ranker", ModelSource.of(model), OPTIONS, PassObserver.NONE)) {
            EncoderEngine.Scored all = engine.score("head pain", TEXTS, 0);
            for (int i = 0; i < TEXTS.size(); i++) {
                assertThat(engine.score("head pain", List.of(TEXTS.get(i)), 0).scores()[0])
                        .isEqualTo(all.scores()[i])
                        .isBetween(0.0, 1.0);
            }
            assertThat(engine.score("pain", List.of("head"), 0).scores()[0])
                    .isNotEqualTo(engine.score("head", List.of("pain"), 0).scores()[0]);
            assertThatThrownBy(() -> engine.embed(List.of("pain"), PLAIN)).hasMessageContaining("ranks texts");
            assertThatThrownBy(() -> engine.score("pain", List.of("pain ".repeat(60)), 0))
                    .hasMessageContaining("document 0 with the query has");
            assertThatThrownBy(() -> engine.score("pain ".repeat(20), List.of("head"), 12))
                    .hasMessageContaining("document 0 with the query has room for 12 tokens, of which the query takes");
        }
    }

    @Test
    void manyAtOnceGetWhatOneGetsAndTooManyAreSentAway() throws Exception {
        try (EncoderEngine engine = engine(Pooling.MEAN);
                var threads = Executors.newFixedThreadPool(6)) {
            List<float[]> expected = engine.embed(TEXTS, PLAIN).vectors();
            List<Future<List<float[]>>> answers = new ArrayList<>();
            Callable<List<float[]>> one = () -> engine.embed(TEXTS, PLAIN).vectors();
            for (int i = 0; i < 6; i++) {
                answers.add(threads.submit(one));
            }
            for (Future<List<float[]>> answer : answers) {
                for (int i = 0; i < expected.size(); i++) {
                    assertThat(answer.get().get(i)).containsExactly(expected.get(i));
                }
            }
            assertThat(engine.load()).isZero();
        }
        EngineOptions none = EngineOptions.DEFAULT.withLimits(new EngineOptions.Limits(4, 0, 20));
        try (EncoderEngine full =
                new EncoderEngine("full", ModelSource.of(folder.resolve("encoder")), none, PassObserver.NONE)) {
            assertThatThrownBy(() -> full.passage("pain")).isInstanceOf(EngineBusyException.class);
        }
    }

    @Test
    void afterItWasUnloadedItAnswersNoMore() throws Exception {
        EncoderEngine engine = engine(Pooling.MEAN);
        engine.drain(100);
        assertThatThrownBy(() -> engine.passage("pain")).isInstanceOf(RuntimeException.class);
    }

    private static double norm(float[] vector) {
        double square = 0;
        for (float value : vector) {
            square += value * value;
        }
        return Math.sqrt(square);
    }
}
