package org.medley.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Settings;

/** The page of recipes shows what the code completes. {@code -Dmedley.update.recipes=true} writes it. */
class RecipesPageTest {
    private static final Path PAGE = Path.of("../docs/reference/recipes.md");

    private static Map<String, String> shown() {
        String scratch = "{hidden: 256, layers: 6, heads: 8, intermediate: 768, context: 1024}";
        String data = "data: [{dataset: notes, format: text}]\nsteps: 1000\n";
        Map<String, String> shown = new LinkedHashMap<>();
        shown.put("PRETRAIN", "kind: train\nname: base\nstage: pretrain\nmodel: {scratch: " + scratch + "}\n" + data);
        shown.put(
                "FINETUNE",
                "kind: train\nname: tuned\nstage: finetune\nmodel: {from: base}\n" + data.replace("text", "chat"));
        shown.put(
                "ADAPTER",
                "kind: train\nname: adapted\nstage: finetune\nmodel: {from: base}\nadapter: {}\n"
                        + data.replace("text", "chat"));
        shown.put(
                "REINFORCE",
                "kind: train\nname: better\nstage: reinforce\nmodel: {from: tuned}\nreinforce: {method: grpo, rewards: [{kind: exact}]}\n"
                        + data.replace("text", "prompts"));
        shown.put(
                "PAIRS",
                "kind: train\nname: preferred\nstage: reinforce\nmodel: {from: tuned}\nreinforce: {method: dpo}\n"
                        + data.replace("text", "pairs"));
        shown.put(
                "FUSE",
                "kind: fuse\nname: joined\nmethod: ties\nbase: base\nmodels: [{model: heart}, {model: lungs}]\n");
        shown.put(
                "MEASURED",
                "kind: train\nname: tuned\nstage: finetune\nmodel: {from: base}\n" + data.replace("text", "chat")
                        + "evaluation: {data: [{dataset: held-out, format: chat}]}\nsamples: {prompts: [What is new]}\n");
        shown.put("GROW", "kind: grow\nname: deeper\nmodel: base\n");
        return shown;
    }

    /** The part of a completed recipe that a heading is about. */
    private static String part(String key, String yaml) {
        return switch (key) {
            case "ADAPTER" -> yaml.substring(yaml.indexOf("adapter:"), yaml.indexOf("precision:"));
            case "MEASURED" -> yaml.substring(yaml.indexOf("evaluation:"), yaml.indexOf("sequence:"));
            case "PAIRS" -> yaml.substring(yaml.indexOf("reinforce:"), yaml.indexOf("sequence:"));
            default -> yaml;
        };
    }

    @Test
    void showsEveryDefault() throws Exception {
        String page = Files.readString(PAGE);
        for (var entry : shown().entrySet()) {
            String yaml = part(entry.getKey(), Recipes.write(Recipes.parse(entry.getValue(), "page")));
            String block = "```yaml\n" + yaml.strip() + "\n```";
            if (Boolean.getBoolean("medley.update.recipes")) {
                page = page.replace("\n" + entry.getKey() + "\n", "\n" + block + "\n");
                Files.writeString(PAGE, page);
            }
            assertThat(page).as(entry.getKey()).contains(block);
        }
    }

    private static String cell(double value) {
        return value == 0 ? "" : Float.toString((float) value);
    }

    private static String cell(int value) {
        return value == 0 ? "" : Integer.toString(value);
    }

    @Test
    void showsWhatOptimizersDefaultTo() throws Exception {
        StringBuilder table = new StringBuilder(
                "| `method` | `beta1` | `beta2` | `beta3` | `epsilon` | `weightDecay` | `rank` | `scale` | `refresh` | `inverseEvery` |\n");
        table.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        for (Method method : Method.values()) {
            Settings of = Settings.of(method);
            table.append("| `").append(method).append("` | ");
            table.append(String.join(
                            " | ",
                            cell(of.beta1()),
                            cell(of.beta2()),
                            cell(of.beta3()),
                            cell(of.epsilon()),
                            Float.toString(of.weightDecay()),
                            cell(of.rank()),
                            cell(of.scale()),
                            cell(of.refresh()),
                            cell(of.inverseEvery())))
                    .append(" |\n");
        }
        assertThat(page("METHODS", table.toString().strip())).contains(table);
    }

    @Test
    void showsAnExperimentAsItIs() throws Exception {
        String experiment = Files.readString(Path.of("../starter/experiments/sums.yaml"));
        assertThat(page("EXPERIMENT", experiment.strip())).contains("```yaml\n" + experiment + "```");
    }

    private static String page(String key, String text) throws IOException {
        String page = Files.readString(PAGE);
        if (Boolean.getBoolean("medley.update.recipes")) {
            page = page.replace("\n" + key + "\n", "\n" + text + "\n");
            Files.writeString(PAGE, page);
        }
        return page;
    }
}
