package org.medley.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recipes that cannot be meant, each refused with file, line, key and what would be right. */
class BadRecipesTest {
    private static final String SCRATCH = """
            kind: train
            name: m
            stage: pretrain
            model:
              scratch: {hidden: 64, layers: 2, heads: 4, intermediate: 128, context: 512}
            data:
              - {dataset: d, format: text}
            steps: 100
            """;

    private static final String TUNE = """
            kind: train
            name: m
            stage: finetune
            model: {from: base}
            data: [{dataset: d, format: chat}]
            steps: 100
            """;

    private static final String ANSWERS = """
            kind: train
            name: m
            stage: reinforce
            model: {from: base}
            data: [{dataset: d, format: prompts}]
            steps: 100
            reinforce:
              method: grpo
              rewards:
                - {kind: exact}
            """;

    private static final String PAIRS = """
            kind: train
            name: m
            stage: reinforce
            model: {from: base}
            data: [{dataset: d, format: pairs}]
            steps: 100
            reinforce: {method: dpo}
            """;

    /** @param to what stands in the place of {@code from}, ¶ for a new line; with a + what is added at the end */
    private static void refused(String right, String from, String to, String message) {
        String put = to.strip().replace('¶', '\n');
        String recipe = put.startsWith("+") ? right + put.substring(1) + "\n" : right.replace(from.strip(), put);
        assertThat(recipe).isNotEqualTo(right);
        assertThatThrownBy(() -> Recipes.parse(recipe, "r.yaml"))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stage: pretrain | stage: practise | r.yaml:3: stage is 'practise'; possible: pretrain, finetune, reinforce",
                "stage: pretrain | description: d | stage is missing; pretrain, finetune and reinforce are possible",
                "hidden: 64, | | r.yaml:5: model.scratch.hidden is missing; 8 to 65536 is possible",
                "hidden: 64 | hidden: 4 | r.yaml:5: model.scratch.hidden is 4; 8 to 65536 is possible",
                "heads: 4 | heads: 4, kvHeads: 3 | r.yaml:5: model.scratch.kvHeads is 3; it must divide the 4 heads",
                "heads: 4 | heads: 4, headSize: 15 | r.yaml:5: model.scratch.headSize is 15; it must be even",
                "heads: 4 | heads: 4, experts: 8 | r.yaml:5: model.scratch.experts is not used by family qwen3; remove it",
                "{hidden: 64 | {family: mixtral, hidden: 64 | model.scratch.experts is missing; 2 to 1024 is possible",
                "{hidden: 64 | {family: gpt2, hidden: 64 | r.yaml:5: model.scratch.family is 'gpt2'; possible: llama, mistral",
                "{hidden: 64 | {family: gemma3, tied: false, hidden: 64 | r.yaml:5: model.scratch.tied is false; family gemma3 is tied",
                "steps: 100 | steps: 100¶batchTokens: 100 | r.yaml:9: batchTokens is 100, but a step has a pass at least, and a pass up to 512 tokens",
                "context: 512 | context: 256 | r.yaml:5: model.scratch.context is 256; sequence is 512",
                "context: 512} | context: 512}¶  from: base | r.yaml:4: model needs exactly one of 'from'",
                "context: 512} | context: 512}¶  tokenizer: t¶  vocabulary: 900 | r.yaml:4: model takes a tokenizer as it is",
                "context: 512} | context: 512}¶  vocabulary: 100 | r.yaml:6: model.vocabulary is 100; 300 to 1048576 is possible",
                "format: text | format: prompts | r.yaml:7: data[0].format is prompts, which stage reinforce reads",
                "format: text | weight: 2 | r.yaml:7: data[0].format is missing; text, chat, tokens",
                "format: text | format: text, weight: 0 | r.yaml:7: data[0].weight is 0.0; 1.0E-6 to 1000000.0 is possible",
                "dataset: d, | | r.yaml:7: data[0].dataset is missing; the name of a dataset or the path of one",
                "- {dataset: d, format: text} | [] | r.yaml:6: data needs at least one dataset",
                "steps: 100 | steps: 100¶epochs: 2 | r.yaml:8: steps or epochs is needed, and not both",
                "x | +epochs: 2 | steps or epochs is needed, and not both",
                "x | +tooLong: drop | r.yaml:9: tooLong is not used by stage pretrain",
                "x | +reinforce: {method: grpo} | r.yaml:9: reinforce is not used by stage pretrain; remove it",
                "x | +adapter: {} | r.yaml:9: adapter needs a model to add to",
                "x | +sequence: 4 | r.yaml:9: sequence is 4; 8 to 1048576 is possible",
                "x | +microTokens: 100 | r.yaml:9: microTokens is 100; 512 to 1048576 is possible",
                "x | +precision: {format: int8} | r.yaml:9: precision.format is 'int8'; possible: fp32, bf16, fp8_block",
                "x | +precision: {format: bf16, scales: fp32} | r.yaml:9: precision.scales is not used by format bf16",
                "x | +optimizer: {method: sgd} | r.yaml:9: optimizer.method is 'sgd'; possible: adamw, adan",
                "x | +device: tpu | r.yaml:9: device is 'tpu'; possible: cpu, gpu",
                "x | +device: gpu¶optimizer: {method: adan} | r.yaml:10: optimizer.method is adan, which device gpu does not have",
                "x | +device: gpu¶precision: {format: nvfp4} | r.yaml:10: precision.format is nvfp4, which device gpu does not have",
                "x | +device: gpu¶precision: {format: fp8_block, outliers: 9} | r.yaml:10: precision.outliers is not used by device gpu",
                "x | +device: gpu¶average: 0.9 | r.yaml:10: average is 0.9; device gpu keeps no average of weights",
                "x | +device: gpu¶exchange: {workers: 65} | r.yaml:10: exchange.workers is 65; 1 to 64 is possible",
                "x | +device: gpu¶exchange: {workers: 2, compression: loco} | r.yaml:10: exchange.compression is loco, which device gpu does not have; none is possible",
                "x | +optimizer: {beta3: 0.9} | r.yaml:9: optimizer.beta3 is not used by adamw; remove it",
                "x | +optimizer: {rank: 8} | r.yaml:9: optimizer.rank is not used by adamw; remove it",
                "x | +optimizer: {method: adan, scale: 2} | r.yaml:9: optimizer.scale is not used by adan; remove it",
                "x | +optimizer: {learningRate: -1} | r.yaml:9: optimizer.learningRate is -1.0; 0.0 to 10.0 is possible",
                "x | +optimizer: {minLearningRate: 1} | r.yaml:9: optimizer.minLearningRate is 1.0; 0.0 to 0.001 is possible",
                "x | +optimizer: {warmup: 101} | r.yaml:9: optimizer.warmup is 101; 0 to 100 is possible",
                "x | +optimizer: {warmup: 60, decay: 60} | r.yaml:9: optimizer.decay over 60 steps does not fit into 100",
                "x | +optimizer: {schedule: cosine, decay: 5} | r.yaml:9: optimizer.decay is not used by schedule cosine",
                "x | +optimizer: {schedule: constant, minLearningRate: 0} | optimizer.minLearningRate is not used by schedule constant",
                "x | +optimizer: {clip: 0} | r.yaml:9: optimizer.clip is 0.0; 1.0E-6 to 1000000.0 is possible",
                "x | +stability: {window: 9} | r.yaml:9: stability.window is not used without 'spike'; remove it",
                "x | +exchange: {compression: loco} | r.yaml:9: exchange.compression is loco with one worker",
                "x | +exchange: {workers: 2, bits: 4} | r.yaml:9: exchange.bits is not used without compression; remove it",
                "x | +exchange: {workers: 2, compression: loco, bits: 9} | r.yaml:9: exchange.bits is 9; 2 to 8 is possible",
                "x | +samples: {prompts: []} | r.yaml:9: samples.prompts needs 1 to 16 texts that are not empty",
                "x | +evaluation: {data: []} | r.yaml:9: evaluation.data needs at least one dataset",
                "x | +evaluation: {data: [{dataset: d, format: text}], every: 101} | evaluation.every is 101; 1 to 100 is possible",
                "x | +checkpoint: {keep: 0} | r.yaml:9: checkpoint.keep is 0; 1 to 1000 is possible",
                "x | +average: 1 | r.yaml:9: average is 1.0; 0.0 to 0.99999 is possible",
                "x | +dtype: FP16 | r.yaml:9: dtype is 'FP16'; the model is written as F32 or BF16",
                "x | +seed: many | r.yaml:9: seed is 'many'; a whole number is needed",
                "hidden: 64 | hidden: 64 wide | r.yaml:5: model.scratch.hidden is '64 wide'; a whole number is needed",
                "steps: 100 | steps: 99999999999 | r.yaml:8: steps is 99999999999; a whole number of at most 2147483647 is needed",
                "x | +average: .nan | r.yaml:9: average is .nan; a number is needed",
                "x | +average: much | r.yaml:9: average is 'much'; a number is needed",
                "x | +recompute: 3 | r.yaml:9: recompute is 3; true or false is needed",
                "x | +samples: {prompts: Hello} | r.yaml:9: samples.prompts is 'Hello'; a list is needed, each entry behind",
                "x | +optimizer: fast | r.yaml:9: optimizer is 'fast'; a section of keys and values is needed",
                "x | +name: [a, b] | r.yaml:9: name was set in line 2 already",
                "name: m | name: [a, b] | r.yaml:2: name is a list; a text is needed",
                "stage: pretrain | stage: 0 | r.yaml:3: stage is 0; possible: pretrain, finetune, reinforce",
                "kind: train | description: d | r.yaml:1: kind is missing; fuse, grow and train are possible",
                "kind: train | kind: teach | r.yaml:1: kind is 'teach'; possible: fuse, grow, train",
                "kind: train | &a kind: *a | r.yaml:1: refers to 'a' by *, which is not followed; write the value again",
                "steps: 100 | steps: 100¶\toptimizer: {} | r.yaml:9: begins with a tab; indent with spaces",
                "hidden: 64, | hidden: [64, | r.yaml:5: is no YAML from",
                "context: 512} | context: 512 | r.yaml:6: is no YAML from",
                "name: m | name: m: n | r.yaml:2: is no YAML from",
                "steps: 100 | steps: \"100 | r.yaml:9: is no YAML at its end, of what begins in line 8; close every bracket and quote",
                "x | +adapter: {rank: 16}¶ optimizer: {} | r.yaml:10: is no YAML from",
                "x | +steps: 5 | r.yaml:9: steps was set in line 8 already; remove one of them",
            })
    void ofPreTraining(String from, String to, String message) {
        refused(SCRATCH, from, to == null ? "" : to, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x | +device: gpu¶adapter: {kind: dora} | r.yaml:8: adapter.kind is dora, which device gpu does not have",
                "x | +adapter: {rank: 0} | r.yaml:7: adapter.rank is 0; 1 to 1024 is possible",
                "x | +adapter: {targets: []} | r.yaml:7: adapter.targets is empty; q, k, v, o, gate, up and down",
                "x | +adapter: {targets: [q, q]} | r.yaml:7: adapter.targets names a matrix twice",
                "x | +adapter: {targets: [head]} | r.yaml:7: adapter.targets[0] is 'head'; possible: q, k, v, o, gate, up, down",
                "x | +adapter: {targets: [~]} | r.yaml:7: adapter.targets has an empty entry",
                "x | +adapter: {kind: dora, merge: false} | r.yaml:7: unknown key 'adapter.merge'; possible here: alpha, kind, rank, targets",
                "format: chat | format: pairs | r.yaml:5: data[0].format is pairs, which stage reinforce reads",
                "x | +tooLong: keep | r.yaml:7: tooLong is 'keep'; possible: refuse, drop, cut",
                "x | +batchTokens: 0 | r.yaml:7: batchTokens is 0; 1 to 67108864 is possible",
            })
    void ofFineTuning(String from, String to, String message) {
        refused(TUNE, from, to, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x | +device: gpu | r.yaml:8: reinforce.method is grpo, whose answers are written by the processor",
                "method: grpo | prompts: 4 | r.yaml:7: reinforce.method is missing; grpo, dpo and ipo are possible",
                "method: grpo | method: ppo | r.yaml:8: reinforce.method is 'ppo'; possible: grpo, dpo, ipo",
                "{kind: exact} | {weight: 1} | r.yaml:10: reinforce.rewards[0].kind is missing; the name of a reward",
                "{kind: exact} | {kind: applause} | r.yaml:10: reinforce.rewards[0] is 'applause'; possible: exact, judge, numeric, schema",
                "{kind: exact} | {kind: exact, tolerance: 1} | r.yaml:10: reinforce.rewards[0].tolerance is unknown; possible here: kind, weight, field",
                "{kind: exact} | {kind: judge} | r.yaml:10: reinforce.rewards[0] model is missing",
                "{kind: exact} | {kind: exact, weight: 1e9} | r.yaml:10: reinforce.rewards[0].weight is 1.0E9",
                "method: grpo | {method: grpo, | r.yaml",
                "method: grpo | method: grpo¶  answers: 1 | r.yaml:9: reinforce.answers is 1; 2 to 1024 is possible",
                "method: grpo | method: grpo¶  pairs: 4 | r.yaml:9: reinforce.pairs is not used by grpo; remove it",
                "method: grpo | method: grpo¶  updates: 9 | r.yaml:9: reinforce.updates is 9; there are only 8 prompts to share",
                "steps: 100 | epochs: 2 | r.yaml:6: epochs is not used by grpo",
                "format: prompts | format: chat | r.yaml:5: data[0].format is chat; method grpo reads prompts",
                "steps: 100 | steps: 100¶batchTokens: 9 | r.yaml:7: batchTokens is not used by stage reinforce; remove it",
                "steps: 100 | steps: 100¶adapter: {}¶reinforce: {engine: {}, method: grpo} | reinforce was set in line 8 already",
            })
    void ofJudgedAnswers(String from, String to, String message) {
        refused(ANSWERS, from, to, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{method: dpo} | {method: dpo, answers: 4} | r.yaml:7: reinforce.answers is not used by dpo; remove it",
                "{method: dpo} | {method: ipo, rewards: []} | r.yaml:7: reinforce.rewards is not used by ipo; remove it",
                "{method: dpo} | {method: dpo, beta: 0} | r.yaml:7: reinforce.beta is 0.0; 1.0E-6 to 100.0 is possible",
                "format: pairs | format: prompts | r.yaml:5: data[0].format is prompts; method dpo reads pairs",
                "{from: base} | {scratch: {hidden: 64, layers: 1, heads: 2, intermediate: 64, context: 512}} | r.yaml:4: model.scratch cannot answer anything yet",
                "reinforce: {method: dpo} | description: d | reinforce is missing; stage reinforce needs it",
            })
    void ofPairs(String from, String to, String message) {
        refused(PAIRS, from, to, message);
    }

    @Test
    void allThatIsWrongByItselfIsToldAtOnce() {
        String recipe = SCRATCH.replace("steps: 100", "steps: 10") + """
                optimizer: {warmup: 50, rank: 8}
                checkpoint: {every: 20}
                dtype: FP16
                """;
        assertThatThrownBy(() -> Recipes.parse(recipe, "r.yaml"))
                .isInstanceOf(BadRecipeException.class)
                .hasMessage("""
                        r.yaml:9: optimizer.rank is not used by adamw; remove it
                        r.yaml:9: optimizer.warmup is 50; 0 to 10 is possible
                        r.yaml:10: checkpoint.every is 20; 1 to 10 is possible
                        r.yaml:11: dtype is 'FP16'; the model is written as F32 or BF16""");
    }

    @Test
    void whatFollowsFromAWrongValueIsNotTold() {
        String recipe = SCRATCH.replace("steps: 100", "steps: 0") + "optimizer: {warmup: 50, decay: 9}\n";
        assertThatThrownBy(() -> Recipes.parse(recipe, "r.yaml"))
                .hasMessage("r.yaml:8: steps is 0; 1 to 10000000 is possible");
    }

    @Test
    void theDecayOfEpochsStaysOpen() {
        String recipe = SCRATCH.replace("steps: 100", "epochs: 2") + "optimizer: {decay: 9}\n";
        assertThat(((TrainRecipe) Recipes.parse(recipe, "r.yaml")).optimizer().decay())
                .isEqualTo(9);
    }

    /** Nothing that a person did not write, such as a name out of the program, and the line where there is one. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "none | there is no such file",
                "'' | is empty; lines such as 'name: my-model' are needed",
                "# nothing | is empty; lines such as",
                "[a, b] | is a list; lines such as",
                "text | is 'text'; lines such as",
                "a\u0000b | :1: holds the character U+0000, which is no text",
                "\u00ff | is not UTF-8 text; a YAML file is needed",
            })
    void filesThatHoldNoRecipe(String content, String message, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("r.yaml");
        if (content != null) {
            Files.write(file, content.getBytes(StandardCharsets.ISO_8859_1));
        }
        assertThatThrownBy(() -> Recipes.read(file))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageStartingWith(file + ":")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("com.fasterxml", "org.yaml", "java.", "r.yaml: " + file);
    }

    @Test
    void aFolderIsNoRecipe(@TempDir Path folder) {
        assertThatThrownBy(() -> Recipes.read(folder)).hasMessage(folder + ": is a folder; a YAML file is needed");
    }
}
