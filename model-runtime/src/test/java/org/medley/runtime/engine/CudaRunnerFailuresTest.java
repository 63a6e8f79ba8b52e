package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.cuda.NullGpu;
import org.medley.runtime.weights.ModelSource;

/** What a runner does when its device refuses calls. */
class CudaRunnerFailuresTest {
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
}
