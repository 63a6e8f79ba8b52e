package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
        Process nvcc = new ProcessBuilder(
                        "nvcc",
                        "-std=c++17",
                        "-Werror=all-warnings",
                        "-fatbin",
                        "--threads=2",
                        "-gencode=arch=compute_80,code=sm_80",
                        "-gencode=arch=compute_89,code=sm_89",
                        "-gencode=arch=compute_90a,code=sm_90a",
                        "-o",
                        folder.resolve(name + ".fatbin").toString(),
                        source.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(nvcc.getInputStream().readAllBytes());
        assertThat(nvcc.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(nvcc.exitValue()).as(said).isZero();
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
