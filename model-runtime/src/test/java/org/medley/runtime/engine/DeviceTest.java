package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.weights.ModelSource;

/** What is chosen on a machine that has no CUDA device. */
class DeviceTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void withoutDevice() {
        assumeThat(CudaPresence.absence()).as("no CUDA device").isPresent();
    }

    @Test
    void withoutACudaDeviceModelsRunOnTheProcessorUnlessTheDeviceIsAskedFor() throws Exception {
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), 1));
        try (Runner runner = Device.AUTO.load(model, Engine.Options.DEFAULT.withContext(64), (shape, bytes) -> 4)) {
            assertThat(runner).isInstanceOf(CpuRunner.class);
        }
        assertThatThrownBy(() -> Device.CUDA.load(model, Engine.Options.DEFAULT, (shape, bytes) -> 4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(CudaPresence.absence().orElseThrow());
    }
}
