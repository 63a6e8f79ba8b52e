package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.text.Tokenizer;

/** Where a text begins with BOS: what the golden tokenizers' templates and the settings beside them say. */
class TextBeginTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path GOLDEN = Path.of("src/test/resources/golden/tokenizers");

    @TempDir
    Path folder;

    private ModelFolder model(String tokenizer, String settings) throws Exception {
        ModelFolder model = RandomModel.write(folder, GgufFamily.LLAMA, 3);
        ObjectNode config = (ObjectNode) model.config();
        config.remove("bos_token_id");
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        Files.copy(
                GOLDEN.resolve(tokenizer + ".json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("tokenizer_config.json"), settings);
        return model;
    }

    private static void begins(ModelSource model, String bos) {
        try (Tokenizer tokenizer = new Tokenizer(model)) {
            int[] plain = tokenizer.encode("a fever of 38.9");
            int[] begun = tokenizer.encodeFromBegin("a fever of 38.9");
            if (bos == null) {
                assertThat(begun).isEqualTo(plain);
                assertThat(tokenizer.encodeFromBegin("")).isEmpty();
                return;
            }
            int[] token = tokenizer.encode(bos);
            assertThat(token).hasSize(1);
            assertThat(begun).hasSize(plain.length + 1).startsWith(token).endsWith(plain);
            assertThat(tokenizer.encodeFromBegin("")).isEqualTo(token);
            assertThat(tokenizer.encodeFromBegin(bos + "a fever"))
                    .as("written out already")
                    .isEqualTo(tokenizer.encode(bos + "a fever"));
        }
    }

    /** Settings go before the template; without either nothing is added. The same behind a GGUF file. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                "llama3 ; {} ; <|begin|>",
                "llama3 ; {'bos_token': '<|begin|>', 'add_bos_token': false} ; -",
                "spm ; {'bos_token': '<s>'} ; <s>",
                "spm-no-prefix ; {'bos_token': '<s>', 'add_bos_token': true} ; <s>",
                "spm ; {'bos_token': '<s>', 'add_bos_token': false} ; -",
                "qwen2 ; {'bos_token': null} ; -",
                "qwen2 ; {'bos_token': '<|begin|>'} ; -",
                "qwen2 ; {'bos_token': {'content': '<|begin|>'}, 'add_bos_token': true} ; <|begin|>",
                "gpt2 ; {'bos_token': null, 'add_bos_token': true} ; -",
                "unnamed ; {'bos_token': '<|begin|>', 'add_bos_token': true} ; <|begin|>"
            })
    void textsBeginAsTheModelSays(String tokenizer, String settings, String bos) throws Exception {
        ModelFolder model = model(tokenizer, settings.replace('\'', '"'));
        begins(model, bos);
        Path file = folder.resolve("model.gguf");
        GgufExport.write(model, file, DType.F32);
        begins(new GgufFile(file), bos);
    }

    @Test
    void aTokenizerAloneFollowsItsTemplate() throws Exception {
        try (Tokenizer llama = new Tokenizer(GOLDEN.resolve("llama3.json"));
                Tokenizer gpt = new Tokenizer(GOLDEN.resolve("gpt2.json"))) {
            assertThat(llama.encodeFromBegin("x")).hasSize(2).startsWith(llama.encode("<|begin|>"));
            assertThat(gpt.encodeFromBegin("x")).isEqualTo(gpt.encode("x"));
        }
    }

    /** Only what comes behind the text does not make a beginning. */
    @Test
    void anEndOfTextIsNoBegin() throws Exception {
        String json = Files.readString(GOLDEN.resolve("gpt2.json"));
        String processor = "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\":"
                + " {\"id\": \"A\", \"type_id\": 0}}, {\"SpecialToken\": {\"id\": \"<|finish|>\", \"type_id\": 0}}],"
                + " \"pair\": [{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"B\","
                + " \"type_id\": 1}}], \"special_tokens\": {\"<|finish|>\": {\"id\": \"<|finish|>\", \"ids\":"
                + " [1001], \"tokens\": [\"<|finish|>\"]}}}";
        Path file = folder.resolve("tokenizer.json");
        assertThat(json).contains("\"post_processor\": null");
        Files.writeString(file, json.replace("\"post_processor\": null", processor));
        try (Tokenizer tokenizer = new Tokenizer(file)) {
            assertThat(tokenizer.encodeFromBegin("x")).isEqualTo(tokenizer.encode("x"));
        }
    }
}
