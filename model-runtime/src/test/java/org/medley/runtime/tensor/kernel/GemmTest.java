package org.medley.runtime.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GemmTest {
    @Test
    void agreesWithTheNaiveProductAtThePreferredWidth() {
        assertThat(GemmCheck.check(System.nanoTime(), 150)).isEqualTo(150);
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void agreesAtEveryForcedWidth(int bits) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dmedley.vector.bits=" + bits,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        GemmCheck.class.getName(),
                        "7")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("8 products agree").contains(String.valueOf(bits));
    }
}
