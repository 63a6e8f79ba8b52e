package org.medley.training.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.text.Tokenizer;

class BpeTrainerTest {
    private static final List<String> TEXTS = Collections.nCopies(
            20, "Pulmonary embolism causes sudden breathlessness. Fever of 39 °C favours pneumonia [2].");

    @TempDir
    Path folder;

    @Test
    void theHuggingFaceLibraryReadsItAndEveryTextSurvives() throws Exception {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, BpeTrainer.train(TEXTS, 320));
        try (Tokenizer tokenizer = new Tokenizer(file)) {
            for (String text : List.of(TEXTS.getFirst(), "Unseen: Grüße, 漢字 and 🙂\n\ttabs", " ", "a  b")) {
                assertThat(tokenizer.decode(tokenizer.encode(text), false)).isEqualTo(text);
            }
            assertThat(tokenizer.encode("<|im_start|>")).containsExactly(1);
            assertThat(tokenizer.encode(TEXTS.getFirst()).length)
                    .isLessThan(TEXTS.getFirst().length() / 3);
        }
    }

    @Test
    void itIsDeterministicAndRefusesTooSmallAVocabulary() {
        assertThat(BpeTrainer.train(TEXTS, 300)).isEqualTo(BpeTrainer.train(TEXTS, 300));
        assertThatThrownBy(() -> BpeTrainer.train(TEXTS, 100)).hasMessageContaining("at least 259 are needed");
    }
}
