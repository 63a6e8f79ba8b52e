package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel file, compiled by nvcc for the oldest device supported and for those of later kinds. */
class KernelsCompileTest {
    @TempDir
    private Path folder;

    static Stream<String> files() {
        return KernelSource.NAMES.stream();
    }

    @ParameterizedTest
    @MethodSource("files")
    void compilesForEveryKindOfDevice(String name) throws Exception {
        assumeThat(onPath("nvcc")).as("nvcc on the path").isTrue();
        Path source = folder.resolve(name + ".cu");
        Files.writeString(source, KernelSource.of(name).text());
        for (String device : List.of("sm_80", "sm_89", "sm_90a")) {
            // Little is optimized: whether it compiles is asked, and that is said sooner.
            Process nvcc = new ProcessBuilder(
                            "nvcc",
                            "-std=c++17",
                            "-Werror=all-warnings",
                            "-Xcicc=-O1",
                            "-Xptxas=-O0",
                            "-cubin",
                            "-arch=" + device,
                            "-o",
                            folder.resolve(name + ".cubin").toString(),
                            source.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(nvcc.getInputStream().readAllBytes());
            assertThat(nvcc.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(nvcc.exitValue()).as(device + ": " + said).isZero();
        }
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
