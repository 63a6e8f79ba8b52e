package org.medley.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.ModelFolder;

/** Logits beside those of an independent implementation in PyTorch, in double precision (src/test/golden). */
class DecoderGoldenTest {
    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama",
                "llama3-scaled",
                "qwen2-tied",
                "qwen3",
                "mistral",
                "phi3-long",
                "mixtral",
                "qwen3-moe",
                "qwen2-window",
                "phi4-partial",
                "gemma2",
                "gemma3"
            })
    void logitsEqualTheReferenceWholeAndTokenByToken(String name) throws Exception {
        Path folder = Path.of("src/test/resources/golden", name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        int[] ids = IntStream.range(0, expected.get("ids").size())
                .map(i -> expected.get("ids").get(i).asInt())
                .toArray();
        int[] positions = IntStream.range(0, ids.length).toArray();
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            Network decoder = DecoderLoader.network(new ModelFolder(folder), arena, 64, DType.F32);
            CpuOps ops = new CpuOps(workspace);
            Batch whole = new Batch(ids, positions, List.of(new Batch.Span(0, ids.length)));
            compare(decoder.logits(ops, whole, positions).toArray(), expected.get("logits"), 0);
            Ops.Heads heads = decoder.shape().heads();
            int pages = (ids.length + KvPool.PAGE - 1) / KvPool.PAGE;
            int[] scattered = IntStream.range(0, pages).map(i -> pages - 1 - i).toArray();
            try (KvPool cache = new KvPool(pages, decoder.shape().layers(), heads.kv(), heads.size(), DType.F32)) {
                int at = 0;
                for (int count : new int[] {5, 1, 1, ids.length - 7}) {
                    workspace.reset();
                    Batch step = Batch.of(
                            Arrays.copyOfRange(ids, at, at + count),
                            List.of(new Batch.Span(0, count, at, scattered, null)),
                            cache);
                    int[] rows = IntStream.range(0, count).toArray();
                    compare(decoder.logits(ops, step, rows).toArray(), expected.get("logits"), at);
                    at += count;
                }
            }
        }
    }

    private static void compare(float[] logits, JsonNode expected, int fromRow) {
        int vocabulary = expected.get(0).size();
        for (int i = 0; i < logits.length; i++) {
            double reference =
                    expected.get(fromRow + i / vocabulary).get(i % vocabulary).asDouble();
            assertThat((double) logits[i])
                    .as("row %d, token %d", fromRow + i / vocabulary, i % vocabulary)
                    .isCloseTo(reference, within(TOLERANCE));
        }
    }
}
