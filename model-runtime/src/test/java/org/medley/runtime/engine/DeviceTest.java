package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.weights.ModelSource;

/** What names are understood, and what is chosen on a machine that has no CUDA device. */
class DeviceTest {
    @TempDir
    private Path folder;

    @Test
    void devicesGoByTheirNames() {
        assertThat(Device.of("auto")).isEqualTo(Device.AUTO);
        assertThat(Device.of("CPU")).isEqualTo(Device.CPU);
        assertThat(Device.of("cuda")).isEqualTo(Device.CUDA);
        assertThat(Device.of("cuda:3")).isEqualTo(new Device(Device.Kind.CUDA, 3));
        for (String wrong : new String[] {"", "gpu", "cuda:", "cuda:-1", "cuda:1000", "cpu:0"}) {
            assertThatThrownBy(() -> Device.of(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("device is '" + wrong + "'; auto, cpu, cuda and cuda:n");
        }
    }

    @Test
    void withoutACudaDeviceModelsRunOnTheProcessorUnlessTheDeviceIsAskedFor() throws Exception {
        assumeThat(CudaPresence.absence()).as("no CUDA device").isPresent();
        ModelSource model = ModelSource.of(TinyModel.write(folder.resolve("model"), 1));
        try (Runner runner = Device.AUTO.load(model, EngineOptions.DEFAULT.withContext(64), (shape, bytes) -> 4)) {
            assertThat(runner).isInstanceOf(CpuRunner.class);
            assertThat(runner.device()).isEqualTo("the processor");
        }
        assertThatThrownBy(() -> Device.CUDA.load(model, EngineOptions.DEFAULT, (shape, bytes) -> 4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(CudaPresence.absence().orElseThrow());
    }
}
