package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelHashTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tokenizer_config.json",
                "special_tokens_map.json",
                "chat_template.jinja",
                "generation_config.json"
            })
    void whatAModelIsAskedInIsPartOfItsVersion(String file) throws Exception {
        ModelFolder model = RandomModel.write(folder, GgufFamily.LLAMA, 3);
        Files.deleteIfExists(folder.resolve(file));
        String without = model.sha256();
        Files.writeString(folder.resolve(file), "{}");
        String with = model.sha256();
        Files.writeString(folder.resolve(file), "{ }");

        assertThat(with).isNotEqualTo(without);
        assertThat(model.sha256()).isNotEqualTo(with).isNotEqualTo(without);
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "lineage.json"})
    void whatIsOnlySaidAboutItIsNot(String file) throws Exception {
        ModelFolder model = RandomModel.write(folder, GgufFamily.LLAMA, 3);
        String before = model.sha256();
        Files.writeString(folder.resolve(file), "{}");

        assertThat(model.sha256()).isEqualTo(before);
    }
}
