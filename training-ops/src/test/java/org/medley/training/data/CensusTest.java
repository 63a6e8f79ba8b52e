package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.digest.Sha256;
import org.medley.training.recipe.BadRecipeException;

class CensusTest {
    private static final String ASK = "{\"role\": \"user\", \"content\": \"What hurts?\"}";
    private static final String ANSWER = "{\"role\": \"assistant\", \"content\": \"The head.\"}";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "text    | {\"text\": \"Beds are free.\"}",
                "chat    | {\"messages\": [" + ASK + ", " + ANSWER + "]}",
                "pairs   | {\"messages\": [" + ASK + "], \"chosen\": \"a\", \"rejected\": \"b\"}",
                "prompts | {\"messages\": [" + ASK + "], \"reference\": \"a\"}",
                "prompts | {\"messages\": [" + ASK + ", " + ANSWER + ", " + ASK + "]}",
                "tokens  | {\"tokens\": [1, 2, 3]}",
            })
    void theFormatIsToldByTheRecords(Format format, String line) throws Exception {
        Path file = Files.writeString(folder.resolve("data.jsonl"), line + "\n\n" + line + "\n");
        assertThat(Census.of(file, null))
                .isEqualTo(new Census(new Sha256().add(file).hex(), Files.size(file), 1, 2L, format));
        assertThat(Census.of(file, format).format()).isEqualTo(format);
    }

    @Test
    void recordsOfNoKnownFormatAreCountedAllTheSame() throws Exception {
        Path file = Files.writeString(folder.resolve("data.jsonl"), "{\"x\": 1}\n{\"x\": 2}\n");
        assertThat(Census.of(file, null)).returns(null, Census::format).returns(2L, Census::records);
    }

    @Test
    void anotherFormatThanAskedForIsRefusedByLine() throws Exception {
        Path file = Files.writeString(folder.resolve("data.jsonl"), "{\"text\": \"a\"}\n");
        assertThatThrownBy(() -> Census.of(file, Format.chat))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("data.jsonl:1")
                .hasMessageContaining("messages");
    }

    @Test
    void aFolderHasTheHashThatARunFinds() throws Exception {
        Path many = Files.createDirectory(folder.resolve("many"));
        Files.writeString(many.resolve("b.txt"), "Second.\n");
        Files.writeString(many.resolve("a.md"), "First.\n");
        Files.writeString(many.resolve(".hidden"), "no");
        Census census = Census.of(many, null);
        assertThat(census)
                .returns(2, Census::files)
                .returns(2L, Census::records)
                .returns(Format.text, Census::format);
        assertThat(census.sha256())
                .isEqualTo(Source.of("many", many, Format.text).sha256(Progress.NONE));
    }
}
