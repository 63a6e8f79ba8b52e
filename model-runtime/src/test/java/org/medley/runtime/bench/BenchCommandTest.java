package org.medley.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.medley.runtime.engine.Device;
import picocli.CommandLine;

class BenchCommandTest {
    @Test
    void aDeviceGoesByTheNameThatTheSettingHas() {
        assertThat(serve()).isEqualTo(Device.CPU);
        assertThat(serve("--device", "cuda:1")).isEqualTo(new Device(Device.Kind.CUDA, 1));
        assertThat(serve("--device", "auto")).isEqualTo(Device.AUTO);
        assertThatThrownBy(() -> serve("--device", "gpu"))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessageContaining("device is 'gpu'; auto, cpu, cuda and cuda:n");
        CommandLine kernels = new CommandLine(new BenchCommand.Kernels());
        kernels.parseArgs("--device", "cuda");
        assertThat(((BenchCommand.Kernels) kernels.getCommand()).device).isEqualTo(Device.CUDA);
    }

    private static Device serve(String... options) {
        CommandLine serve = new CommandLine(new BenchCommand.Serve());
        String[] all = Stream.concat(Stream.of("model"), Stream.of(options)).toArray(String[]::new);
        serve.parseArgs(all);
        return ((BenchCommand.Serve) serve.getCommand()).device;
    }
}
