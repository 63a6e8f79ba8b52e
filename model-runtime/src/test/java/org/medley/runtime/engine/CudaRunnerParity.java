package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;

/** Passes of a model on a device beside the processor's: prompts in pieces, then tokens one by one, copies of pages. */
abstract class CudaRunnerParity {
    private static final int PAGES = 24;

    @TempDir
    private Path folder;

    abstract Gpu open();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void logitsAgreePassAfterPass(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), seed));
        EngineOptions options = EngineOptions.DEFAULT.withContext(128).withCache(DType.F32, 1 << 20);
        try (Runner device = CudaRunner.load(open(), model, options, (shape, bytes) -> PAGES);
                Runner processor = CpuRunner.load(model, options, (shape, bytes) -> PAGES)) {
            int sequences = 1 + random.nextInt(4);
            int[] lengths = new int[sequences];
            for (int pass = 0; pass < 8; pass++) {
                List<Batch.Span> spans = new ArrayList<>();
                List<Integer> rows = new ArrayList<>();
                int total = 0;
                for (int s = 0; s < sequences; s++) {
                    int more = pass < 2 ? 1 + random.nextInt(20) : 1;
                    int[] pages = IntStream.range(4 * s, 4 * s + 4).toArray();
                    spans.add(new Batch.Span(total, more, lengths[s], pages, null));
                    total += more;
                    lengths[s] += more;
                    if (pass != 1) {
                        rows.add(total - 1);
                    }
                }
                int[] tokens = random.ints(total, 0, 259).toArray();
                int[] wanted = rows.stream().mapToInt(Integer::intValue).toArray();
                same(
                        seed,
                        device.run(tokens, spans, wanted).toArray(),
                        processor.run(tokens, spans, wanted).toArray());
                if (pass == 4) {
                    // The first sequence goes on from a copy of its last page.
                    List<Step.Copy> copies = List.of(new Step.Copy(0, 20), new Step.Copy(20, 0));
                    device.copy(copies);
                    processor.copy(copies);
                }
            }
        }
    }

    /** Once as it comes, once recorded and thrice repeated: what is drawn must not disturb what is kept for the next. */
    @Test
    void tokensAreDrawnWhereTheLogitsLie() throws Exception {
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), 7));
        EngineOptions options = EngineOptions.DEFAULT.withContext(128).withCache(DType.F32, 1 << 20);
        try (Runner device = CudaRunner.load(open(), model, options, (shape, bytes) -> PAGES);
                Runner processor = CpuRunner.load(model, options, (shape, bytes) -> PAGES)) {
            SplittableRandom random = new SplittableRandom(7);
            for (int past = 0; past < 5; past++) {
                int[] tokens = random.ints(3, 0, 259).toArray();
                List<Batch.Span> spans = new ArrayList<>();
                Draw[] draws = new Draw[3];
                for (int s = 0; s < 3; s++) {
                    spans.add(new Batch.Span(s, 1, past, new int[] {s}, null));
                    draws[s] = s == past % 3 ? null : new Draw(0, 0, 1, 0, 0, null, Draw.Edits.NONE);
                }
                int[] rows = {0, 1, 2};
                Tensor expected = processor.run(tokens, spans, rows);
                Runner.Yield found = device.run(tokens, spans, rows, () -> draws);
                for (int s = 0; s < 3; s++) {
                    float[] logits = expected.slice(s, 1).toArray();
                    if (draws[s] == null) {
                        assertThat(found.drawn(s)).isNull();
                        same(7, found.logits().slice(s, 1).toArray(), logits);
                    } else {
                        assertThat(found.drawn(s).token()).isEqualTo(Sampler.argmax(logits));
                        assertThat(found.drawn(s).logprob()).isNegative();
                    }
                }
                assertThat(processor.run(tokens, spans, rows, () -> draws).drawn(0))
                        .isNull();
            }
        }
    }

    /** Pieces of prompts and single tokens, some through adapters of which one goes and another comes. */
    @Test
    void rowsGoThroughTheirAdapters() throws Exception {
        ModelFolder model = new ModelFolder(TinyModel.write(folder.resolve("model"), 5));
        EngineOptions options = EngineOptions.DEFAULT.withContext(128).withCache(DType.F32, 1 << 20);
        try (Arena arena = Arena.ofShared();
                Runner device = CudaRunner.load(open(), model, options, (shape, bytes) -> PAGES);
                Runner processor = CpuRunner.load(model, options, (shape, bytes) -> PAGES)) {
            SplittableRandom random = new SplittableRandom(5);
            for (int pass = 0; pass < 4; pass++) {
                String name = pass % 2 == 0 ? "first" : "second";
                Path adapter = AdapterTest.adapter(folder.resolve("a" + pass), model.weights(arena), pass, arena);
                device.addAdapter(name, adapter);
                processor.addAdapter(name, adapter);
                List<Batch.Span> spans = List.of(
                        new Batch.Span(0, 11, 0, new int[] {0}, name),
                        new Batch.Span(11, 1, 0, new int[] {1}, null),
                        new Batch.Span(12, 1, 0, new int[] {2}, "first"),
                        new Batch.Span(13, 3, 0, new int[] {3}, name));
                int[] tokens = random.ints(16, 0, 259).toArray();
                int[] rows = {10, 11, 12, 15};
                float[] expected = processor.run(tokens, spans, rows).toArray();
                same(5, device.run(tokens, spans, rows).toArray(), expected);
                List<Batch.Span> plain = spans.stream()
                        .map(s -> new Batch.Span(s.row(), s.rows(), s.past(), s.pages(), null))
                        .toList();
                assertThat(processor.run(tokens, plain, rows).toArray()).isNotEqualTo(expected);
            }
            device.removeAdapter("first");
        }
    }

    @Test
    void passesAreFilledUpToPowersOfTwo() {
        assertThat(IntStream.of(1, 2, 3, 4, 5, 8, 9, 33, 64).map(CudaRunner::bucket))
                .containsExactly(1, 2, 4, 4, 8, 8, 16, 64, 64);
    }

    private static void same(long seed, float[] got, float[] wanted) {
        assertThat(got).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            // Products over many rows round their input to BF16 unless the weights are F32, as this model's are.
            assertThat(Math.abs(got[i] - wanted[i]) <= 1e-3f)
                    .as("seed %d, logit %d: %s, expected %s", seed, i, got[i], wanted[i])
                    .isTrue();
        }
        // A pass of which no row is wanted has none to compare.
        assertThat(got.length == 0
                        || IntStream.range(0, got.length)
                                        .mapToObj(i -> got[i])
                                        .distinct()
                                        .count()
                                > 100)
                .as("seed %d: logits differ from each other", seed)
                .isTrue();
    }
}
