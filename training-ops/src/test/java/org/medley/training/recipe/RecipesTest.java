package org.medley.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipesTest {
    private static final String TRAIN = """
            kind: train
            name: m
            stage: finetune
            model: {from: base}
            data: [{dataset: d, format: chat}]
            steps: 10
            """;

    @Test
    void defaultsAreWrittenOutAndReadBackTheSame() {
        Recipe recipe = Recipes.parse(TRAIN, "r.yaml");
        TrainRecipe train = (TrainRecipe) recipe;
        assertThat(train.optimizer().learningRate()).isEqualTo(2e-5);
        assertThat(train.checkpoint().every()).isEqualTo(2);
        assertThat(Recipes.write(recipe)).startsWith("kind: train\nname: m\n");
        assertThat(Recipes.parse(Recipes.write(recipe), "again")).isEqualTo(recipe);
    }

    @Test
    void whatALineageKeepsIsReadIfThisVersionKnowsIt() {
        Recipe recipe = Recipes.parse(TRAIN, "r.yaml");
        assertThat(Recipes.recorded(Recipes.write(recipe))).contains(recipe);
        assertThat(Recipes.recorded(TRAIN.replace("finetune", "distil"))).isEmpty();
        assertThat(Recipes.recorded(null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "steps: 10 | stepz: 10 | r.yaml:6: unknown key 'stepz'",
                "steps: 10 | steps: ten | r.yaml:6: steps is 'ten'; a whole number is needed",
                "steps: 10 | steps: 0 | r.yaml:6: steps is 0; 1 to 10000000 is possible",
                "steps: 10 | steps: 2.5 | r.yaml:6: steps is 2.5; a whole number is needed",
                "name: m | name: My Model | name 'My Model' must be 1 to 63 of",
                "{from: base} | {from: base, vocabulary: 300} | brings its own tokenizer",
                "{from: base} | {} | needs exactly one of 'from'",
                "format: chat | format: csv | r.yaml:5: data[0].format is 'csv'; possible: text, chat, tokens, pairs, prompts",
                "kind: train | kind: distil | r.yaml:1: kind is 'distil'; possible: fuse, grow, train",
                "steps: 10 | optimizer: {clip: -1} | steps or epochs is needed",
            })
    void badRecipesAreRefusedByLineAndKey(String right, String wrong, String message) {
        String recipe = TRAIN.replace(right.strip(), wrong.strip());
        assertThat(recipe).isNotEqualTo(TRAIN);
        assertThatThrownBy(() -> Recipes.parse(recipe, "r.yaml"))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "method: mean, models: [{model: a}, {model: b}] | method is 'mean'; possible: linear, task_arithmetic, ties",
                "method: ties, models: [{model: a}, {model: b}] | base is missing; ties needs the model",
                "method: linear, models: [{model: a}, ~] | models[1] is empty; it needs a model",
                "method: linear, models: [{model: a}, {model: b, weight: -1}] | models have weights that add up to 0",
                "method: linear, models: [{model: a}] | models needs at least two models to fuse",
                "method: linear, models: [{model: a, density: 0.5}, {model: b}] | models[0].density is used by ties only",
                "method: ties, base: x, models: [{model: a, density: 2}, {model: b}] | density is 2.0; 0.001 to 1.0",
            })
    void badFusionsAreRefused(String body, String message) {
        assertThatThrownBy(() -> Recipes.parse("{kind: fuse, name: f, " + body.strip() + "}", "f.yaml"))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining(message.strip());
    }
}
