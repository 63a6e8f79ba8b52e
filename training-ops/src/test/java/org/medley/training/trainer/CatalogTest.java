package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
    @TempDir
    Path home;

    @Test
    void aDatasetIsAFolderOrAFileOfAnyKind() throws IOException {
        Catalog catalog = new Catalog(home.resolve("models"), home, home);
        Files.writeString(home.resolve("letters.txt"), "A letter.");
        Path folder = Files.createDirectory(home.resolve("reports"));

        assertThat(catalog.dataset("letters")).isEqualTo(home.resolve("letters.txt"));
        assertThat(catalog.dataset("reports")).isEqualTo(folder);
        assertThat(catalog.dataset("./letters.txt")).isEqualTo(home.resolve("letters.txt"));
    }

    @Test
    void whatIsNotThereIsToldWithAllThatItCouldBe() {
        Catalog local = new Catalog(home.resolve("models"), home, home);
        assertThatThrownBy(() -> local.dataset("csv"))
                .hasMessage(
                        "there is no dataset 'csv'; it is a folder csv or a file csv.jsonl, .parquet, .txt or .md in "
                                + home);
        assertThatThrownBy(() -> local.dataset("./csv.jsonl"))
                .hasMessage("there is no dataset './csv.jsonl' (looked for " + home.resolve("csv.jsonl") + ")");
    }

    @Test
    void whoSendsARecipeHearsNothingOfFolders() {
        Catalog remote = new Catalog(home.resolve("models"), home, null);
        assertThatThrownBy(() -> remote.dataset("csv"))
                .message()
                .startsWith("there is no dataset 'csv'; it is a folder csv or a file csv.jsonl")
                .doesNotContain(home.toString());
    }
}
