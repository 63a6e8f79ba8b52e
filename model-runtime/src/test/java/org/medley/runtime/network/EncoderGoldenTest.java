package org.medley.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;

/** Hidden states and scores beside those that PyTorch's layers give in double precision (src/test/golden). */
class EncoderGoldenTest {
    private static final double TOLERANCE = 1e-4;
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bert",
                "bert-old",
                "bert-scores",
                "xlm-roberta-scores",
                "modernbert",
                "modernbert-scores",
                "modernbert-scores-first"
            })
    void equalsTheReferenceAloneAndBesideAnotherText(String name) throws Exception {
        JsonNode expected = new ObjectMapper()
                .readTree(GOLDEN.resolve(name).resolve("expected.json").toFile());
        int[] ids = ints(expected.get("ids"));
        int[] types = ints(expected.get("types"));
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            Encoder encoder = EncoderLoader.load(new ModelFolder(GOLDEN.resolve(name)), arena, null);
            CpuOps ops = new CpuOps(workspace, CpuWeights.of(encoder.matrices().values(), arena));
            check(encoder, ops, Batch.of(ids, List.of(new Batch.Span(0, ids.length)), null), types, 0, expected);
            int other = 9;
            int[] both = IntStream.concat(Arrays.stream(ids).limit(other), Arrays.stream(ids))
                    .toArray();
            int[] bothTypes = IntStream.concat(IntStream.range(0, other).map(i -> 0), Arrays.stream(types))
                    .toArray();
            List<Batch.Span> spans = List.of(new Batch.Span(0, other), new Batch.Span(other, ids.length));
            check(encoder, ops, Batch.of(both, spans, null), bothTypes, 1, expected);
        }
    }

    private static void check(Encoder encoder, CpuOps ops, Batch batch, int[] types, int span, JsonNode expected) {
        Tensor hidden = encoder.hidden(ops, batch, types);
        JsonNode rows = expected.get("hidden");
        float[] values =
                hidden.slice(batch.spans().get(span).row(), rows.size()).toArray();
        for (int i = 0; i < values.length; i++) {
            double reference =
                    rows.get(i / hidden.cols()).get(i % hidden.cols()).asDouble();
            assertThat((double) values[i]).as("row %d", i / hidden.cols()).isCloseTo(reference, within(TOLERANCE));
        }
        assertThat(encoder.shape().scores()).isEqualTo(expected.get("score").isNumber());
        if (encoder.shape().scores()) {
            Tensor scores = encoder.scores(ops, hidden, batch);
            assertThat(scores.rows()).isEqualTo(batch.spans().size());
            assertThat((double) scores.get(span))
                    .isCloseTo(expected.get("score").asDouble(), within(TOLERANCE));
        } else {
            assertThatThrownBy(() -> encoder.scores(ops, hidden, batch))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    private static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            bert | "hidden_act": "gelu" | "hidden_act": "relu" | hidden_act is 'relu'
            bert | "num_attention_heads": 4 | "num_attention_heads": 7 | hidden_size 40
            bert | "type_vocab_size": 2 | "type_vocab_size": 3 | tensor embeddings.token_type_embeddings.weight is
            bert | "pad_token_id": 0 | "position_embedding_type": "relative_key" | relative_key'; absolute can be served
            modernbert | "local_attention": 6 | "local_attention": 0 | local_attention is 0
            modernbert | "intermediate_size": 28 | "intermediate_size": 29 | tensor layers.0.mlp.Wi.weight is
            modernbert | "norm_bias": false | "norm_bias": true | tensor embeddings.norm.bias is missing
            """)
    void aConfigurationThatDoesNotFitIsRefusedByName(
            String name, String from, String to, String problem, @TempDir Path folder) throws Exception {
        Files.copy(GOLDEN.resolve(name).resolve("model.safetensors"), folder.resolve("model.safetensors"));
        String config = Files.readString(GOLDEN.resolve(name).resolve("config.json"));
        assertThat(config).contains(from);
        Files.writeString(folder.resolve("config.json"), config.replace(from, to));
        try (Arena arena = Arena.ofShared()) {
            assertThatThrownBy(() -> EncoderLoader.load(new ModelFolder(folder), arena, null))
                    .isInstanceOf(BadModelException.class)
                    .hasMessageContaining(problem);
        }
    }

    @Test
    void aDecoderIsNoEncoder() {
        try (Arena arena = Arena.ofShared()) {
            assertThatThrownBy(() -> EncoderLoader.load(new ModelFolder(GOLDEN.resolve("llama")), arena, null))
                    .isInstanceOf(BadModelException.class)
                    .hasMessageContaining("'LlamaForCausalLM' is not one of an encoder");
        }
    }
}
