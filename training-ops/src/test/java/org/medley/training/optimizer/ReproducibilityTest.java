package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The number of threads is set once for a process, so each is tried in one of its own. */
class ReproducibilityTest {
    private static String digest(List<String> options, int... sizes) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC"));
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                OptimizerDigest.class.getName()));
        for (int size : sizes) {
            command.add(String.valueOf(size));
        }
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return output;
    }

    @Test
    void resultsAreTheSameForAnyNumberOfThreads() throws Exception {
        String one = digest(List.of("-Dmedley.threads=1"), 301, 213, 4);
        assertThat(one.lines()).hasSize(Method.values().length + 4);
        assertThat(digest(List.of("-Dmedley.threads=3"), 301, 213, 4)).isEqualTo(one);
    }

    @Test
    void interpretedAndCompiledCodeGiveTheSame() throws Exception {
        String compiled = digest(List.of("-Xcomp", "-XX:TieredStopAtLevel=1"), 65, 64, 2);
        assertThat(digest(List.of("-Xint"), 65, 64, 2)).isEqualTo(compiled);
    }
}
