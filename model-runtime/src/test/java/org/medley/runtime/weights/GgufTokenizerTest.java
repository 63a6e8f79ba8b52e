package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.text.Tokenizer;

class GgufTokenizerTest {
    private static final long SEED = 77;

    @TempDir
    Path folder;

    private ModelFolder model(String tokenizer) throws Exception {
        GgufFamily family = tokenizer.equals("wordpiece") ? GgufFamily.BERT : GgufFamily.LLAMA;
        ModelFolder model = RandomModel.write(folder, family, 3);
        Files.copy(
                Path.of("src/test/resources/golden/tokenizers", tokenizer + ".json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        return model;
    }

    /** Sentences, code, numbers, white space, several scripts, emoji, special tokens, and random mixtures of all. */
    static List<String> texts() {
        List<String> pieces = List.of(
                "The patient has a fever of 38.9 °C",
                "don't",
                "I'LL",
                "she's",
                " ",
                "  ",
                "\n",
                "\n\n\n",
                "\t",
                "\r\n",
                "12345",
                "1,024.50",
                "3/4",
                "für(int i=0;i<n;i++){a[i]+=b[i];}",
                "naïve café",
                "e\u0301",
                "日本語のテキスト",
                "Пневмония",
                "ความดัน",
                "👩‍⚕️🙂",
                "x",
                "_",
                "<0x41>",
                "<|begin|>",
                "<tool>",
                "</s>",
                "[CLS]",
                "...!?",
                "ALLCAPS",
                "snake_case_name",
                "\u2581",
                "\u00a0",
                "مرحبا",
                "def f(x):\n    return x ** 2",
                "  indented");
        List<String> texts = new ArrayList<>(pieces);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 400; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(1, 9); j > 0; j--) {
                text.append(pieces.get(random.nextInt(pieces.size())));
                text.append(random.nextInt(3) == 0 ? " " : "");
            }
            texts.add(text.toString());
        }
        return texts;
    }

    /** @param whole whether the file has to carry tokenizer.json itself */
    @ParameterizedTest
    @CsvSource({
        "gpt2, gpt2, gpt-2, false",
        "llama3, gpt2, llama-bpe, false",
        "qwen2, gpt2, qwen2, false",
        "digits, gpt2, smollm, false",
        "unnamed, gpt2, default, true",
        "spm, llama, default, false",
        "spm-no-prefix, llama, default, false",
        "wordpiece, bert, , false"
    })
    void idsAndTextsAreTheSameBehindAFile(String name, String model, String pre, boolean whole) throws Exception {
        ModelFolder source = model(name);
        Path target = folder.resolve("model.gguf");
        GgufExport.write(source, target, DType.F32);
        GgufFile file = new GgufFile(target);
        assertThat(file.metadata().text("tokenizer.ggml.model")).isEqualTo(model);
        assertThat(file.metadata().text("tokenizer.ggml.pre", null)).isEqualTo(pre);
        assertThat(file.metadata().has(GgufVocabulary.WHOLE)).isEqualTo(whole);
        assertThat(file.metadata().texts("tokenizer.ggml.tokens")).hasSize(1200);
        try (Tokenizer ours = new Tokenizer(source);
                Tokenizer theirs = new Tokenizer(file)) {
            for (String text : texts()) {
                int[] ids = ours.encode(text);
                assertThat(theirs.encode(text))
                        .as("seed %d, text '%s'", SEED, text)
                        .isEqualTo(ids);
                assertThat(theirs.decode(ids, true)).isEqualTo(ours.decode(ids, true));
                assertThat(theirs.decode(ids, false)).isEqualTo(ours.decode(ids, false));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokenizer.ggml.model | rwkv | tokenizer.ggml.model is 'rwkv'; gpt2, llama and bert can be read",
                "tokenizer.ggml.pre | esperanto | tokenizer.ggml.pre is 'esperanto'; these are known: gpt-2",
                "tokenizer.ggml.merges | ab | merge 'ab' in tokenizer.ggml.merges is not two tokens",
                "tokenizer.ggml.tokens | a a | token 'a' is in the vocabulary twice",
                "tokenizer.ggml.tokens | a b c | tokenizer.ggml.token_type has 2 entries for 3 tokens"
            })
    void vocabulariesThatCannotBeMeantAreRefusedByName(String key, String value, String problem) {
        Map<String, Object> values = new HashMap<>(Map.of(
                "tokenizer.ggml.model", "gpt2",
                "tokenizer.ggml.pre", "gpt-2",
                "tokenizer.ggml.tokens", List.of("a", "b"),
                "tokenizer.ggml.token_type", List.of(1L, 1L),
                "tokenizer.ggml.merges", List.of()));
        values.put(
                key,
                switch (key) {
                    case "tokenizer.ggml.merges" -> List.of(value);
                    case "tokenizer.ggml.tokens" -> List.of(value.split(" "));
                    default -> value;
                });
        assertThatThrownBy(() -> GgufTokenizer.of(new GgufMetadata(Path.of("a.gguf"), values)))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("a.gguf: ")
                .hasMessageContaining(problem);
    }

    @Test
    void piecesMergeByScoreAndLongerBeginningsFirst() throws Exception {
        Map<String, Object> values = Map.of(
                "tokenizer.ggml.model", "llama",
                "tokenizer.ggml.tokens", List.of("<unk>", "a", "b", "ab", "ba", "aba"),
                "tokenizer.ggml.token_type", List.of(2L, 1L, 1L, 1L, 1L, 1L),
                "tokenizer.ggml.scores", List.of(0.0, -9.0, -9.0, -2.0, -1.0, -3.0));
        var json = GgufTokenizer.of(new GgufMetadata(Path.of("a.gguf"), values));
        assertThat(new ObjectMapper().writeValueAsString(json.at("/model/merges")))
                .isEqualTo("[\"b a\",\"a b\",\"ab a\",\"a ba\"]");
    }

    @Test
    void phi3sTokensTakeTheSpaceBehindThem() throws Exception {
        Path file = folder.resolve("tokenizer.json");
        Map<String, Object> values = Map.of(
                "general.architecture", "phi3",
                "tokenizer.ggml.model", "llama",
                "tokenizer.ggml.tokens", List.of("<unk>", "<s>", "<|user|>", "\u2581", "a", "\u2581a", "<0x0A>"),
                "tokenizer.ggml.token_type", List.of(2L, 3L, 3L, 1L, 1L, 1L, 6L),
                "tokenizer.ggml.scores", List.of(0.0, 0.0, 0.0, -5.0, -5.0, -1.0, 0.0));
        new ObjectMapper().writeValue(file.toFile(), GgufTokenizer.of(new GgufMetadata(Path.of("a.gguf"), values)));
        try (Tokenizer tokenizer = new Tokenizer(file)) {
            assertThat(tokenizer.encode("<|user|>\n a")).containsExactly(2, 5);
            assertThat(tokenizer.encode("<s>\na")).containsExactly(1, 3, 6, 4);
        }
    }
}
