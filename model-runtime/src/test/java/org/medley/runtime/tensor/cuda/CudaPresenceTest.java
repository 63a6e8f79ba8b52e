package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said where no device can be used, by drivers that are compiled for the purpose. */
class CudaPresenceTest {
    @TempDir
    private Path folder;

    @Test
    void aMachineWithoutDriverIsToldFromOneWithout() {
        assertThat(CudaPresence.absence("libnowhere-cuda.so.1", 0))
                .contains("no NVIDIA driver: libnowhere-cuda.so.1 cannot be loaded");
    }

    @Test
    void aDriverIsBelievedInWhatItSeesAndHowOldItIs() throws Exception {
        assertThat(CudaPresence.absence(driver(100, 0, 0, 0), 0)).contains("the NVIDIA driver sees no device");
        assertThat(CudaPresence.absence(driver(0, 0, 0, 0), 0)).contains("the NVIDIA driver sees no device");
        assertThat(CudaPresence.absence(driver(803, 1, 9, 0), 0))
                .contains("the NVIDIA driver does not start: error 803");
        assertThat(CudaPresence.absence(driver(0, 1, 7, 5), 0))
                .contains("the device has compute capability 7.5; 8.0 is the least that is supported");
        assertThat(CudaPresence.absence(driver(0, 2, 8, 0), 0)).isEmpty();
        assertThat(CudaPresence.absence(driver(0, 2, 8, 0), 1)).isEmpty();
        assertThat(CudaPresence.absence(driver(0, 2, 8, 0), 2))
                .contains("there is no CUDA device 2, the driver sees 2, from 0 on");
    }

    private String driver(int init, int count, int major, int minor) throws Exception {
        assumeThat(Path.of("/usr/bin/cc")).as("a C compiler").exists();
        Path source = Files.createTempFile(folder, "driver", ".c");
        Path library = folder.resolve(source.getFileName() + ".so");
        Files.writeString(source, """
                int cuInit(unsigned flags) { return %d; }
                int cuDeviceGetCount(int* count) { *count = %d; return 0; }
                int cuDeviceGetAttribute(int* value, int which, int device) {
                    *value = which == 75 ? %d : which == 76 ? %d : -1;
                    return 0;
                }
                """.formatted(init, count, major, minor));
        Process cc = new ProcessBuilder("/usr/bin/cc", "-shared", "-fPIC", "-o", library.toString(), source.toString())
                .inheritIO()
                .start();
        assertThat(cc.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(cc.exitValue()).isZero();
        return library.toString();
    }
}
