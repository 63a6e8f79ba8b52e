package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.cuda.NullGpu;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;

/** What a runner asks of its device, also when that refuses calls. */
class CudaRunnerCallsTest {
    private static final EngineOptions OPTIONS =
            EngineOptions.DEFAULT.withContext(128).withCache(DType.F32, 1 << 20);

    @TempDir
    private Path folder;

    private static void pass(Runner runner) {
        runner.run(new int[] {1}, List.of(new Batch.Span(0, 1, 0, new int[] {0}, null)), new int[] {0});
    }

    @Test
    void aPassThatFailedIsNotRecordedTheNextTime() throws Exception {
        NullGpu gpu = new NullGpu();
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), 3));
        try (Runner runner = CudaRunner.load(gpu, model, OPTIONS, (shape, bytes) -> 8)) {
            gpu.fail(true);
            assertThatThrownBy(() -> pass(runner)).hasMessageContaining("is refused");
            gpu.fail(false);
            pass(runner);
            assertThat(gpu.recorded()).isZero();
            pass(runner);
            pass(runner);
            assertThat(gpu.recorded()).isOne();
        }
    }

    @Test
    void theDeviceIsClosedWhateverFailsBefore() throws Exception {
        NullGpu gpu = new NullGpu();
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), 3));
        Runner runner = CudaRunner.load(gpu, model, OPTIONS, (shape, bytes) -> 8);
        pass(runner);
        pass(runner);
        gpu.fail(true);
        assertThatThrownBy(runner::close)
                .hasMessage("close is refused")
                .satisfies(e -> assertThat(e.getSuppressed()).isNotEmpty());
        assertThat(gpu.closed()).isTrue();
    }

    @Test
    void adaptersBringNoWaitsIntoAPass() throws Exception {
        NullGpu gpu = new NullGpu();
        ModelFolder model = new ModelFolder(TinyModel.write(folder.resolve("model"), 3));
        try (Arena arena = Arena.ofShared();
                Runner runner = CudaRunner.load(gpu, model, OPTIONS, (shape, bytes) -> 8)) {
            runner.addAdapter("a", AdapterTest.adapter(folder.resolve("a"), model.weights(arena), 3, arena));
            int[] waits = new int[3];
            for (int pass = 0; pass < 3; pass++) {
                int before = gpu.waits();
                // The first pass through an adapter brings over where its parts lie.
                String adapter = pass == 2 ? null : "a";
                List<Batch.Span> spans = List.of(
                        new Batch.Span(0, 3, 0, new int[] {0}, adapter), new Batch.Span(3, 2, 0, new int[] {1}, null));
                runner.run(new int[] {1, 2, 3, 4, 5}, spans, new int[] {2, 4});
                waits[pass] = gpu.waits() - before;
            }
            assertThat(waits[1]).isEqualTo(waits[2]);
        }
    }
}
