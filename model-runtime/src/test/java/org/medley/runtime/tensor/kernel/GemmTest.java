package org.medley.runtime.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GemmTest {
    @Test
    void agreesWithTheNaiveProductAtThePreferredWidth() {
        assertThat(GemmCheck.check(System.nanoTime(), 150)).isEqualTo(150);
    }

    /** In processes of their own, all at once: most of their time is their start. */
    @Test
    void agreesAtEveryForcedWidth() throws Exception {
        Map<Integer, Process> processes = new LinkedHashMap<>();
        for (int bits : new int[] {128, 256, 512}) {
            processes.put(bits, check(bits));
        }
        for (Map.Entry<Integer, Process> entry : processes.entrySet()) {
            Process process = entry.getValue();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            assertThat(output).contains("8 products agree").contains(String.valueOf(entry.getKey()));
        }
    }

    private static Process check(int bits) throws IOException {
        return new ProcessBuilder(
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
    }
}
