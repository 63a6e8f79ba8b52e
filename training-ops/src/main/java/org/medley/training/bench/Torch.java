package org.medley.training.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** PyTorch training the same model, in a process of its own. */
final class Torch {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Torch() {}

    /** @param bytes most of the device's memory that tensors held */
    record Measured(double secondsPerStep, long bytes, double loss) {}

    /** @throws IllegalStateException if the script fails, with what it said last */
    static Measured measure(Path python, Shape shape, int warmUp, int steps, boolean compiled) throws IOException {
        Path script = Files.createTempFile("yardstick", ".py");
        try (InputStream in = Torch.class.getResourceAsStream("/bench/yardstick.py")) {
            Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
            Process process = new ProcessBuilder(List.of(
                            python.toString(),
                            script.toString(),
                            JSON.writeValueAsString(shape),
                            Integer.toString(warmUp),
                            Integer.toString(steps),
                            Boolean.toString(compiled)))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            List<String> said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            if (process.waitFor() != 0 || said.isEmpty()) {
                throw new IllegalStateException(python + " did not train the yardstick: "
                        + (said.isEmpty() ? "it said nothing" : said.getLast()));
            }
            JsonNode found = JSON.readTree(said.getLast());
            return new Measured(
                    found.get("seconds").asDouble(),
                    found.get("bytes").asLong(),
                    found.get("loss").asDouble());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while PyTorch trained", e);
        } finally {
            Files.delete(script);
        }
    }
}
