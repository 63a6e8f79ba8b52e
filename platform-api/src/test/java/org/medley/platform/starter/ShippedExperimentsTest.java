package org.medley.platform.starter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.medley.training.experiment.Experiment;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;

/** Experiments and the recipes that they start from, with the rewards of the platform. */
class ShippedExperimentsTest {
    static List<Path> shipped() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../starter/experiments"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void isValid(Path file) throws IOException {
        String expected = file.getFileName().toString().replace(".yaml", "");
        if (Files.readString(file).contains("\nvariants:")) {
            assertThat(Experiment.read(file).name()).isEqualTo(expected);
        } else {
            Recipe recipe = Recipes.read(file);
            assertThat(expected).startsWith(recipe.name());
        }
    }
}
