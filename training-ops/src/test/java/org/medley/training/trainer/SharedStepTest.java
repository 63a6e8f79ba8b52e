package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.HostGpus;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.parallel.LocalExchange;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** Steps that devices share, beside the same on one device whose workers take turns. */
class SharedStepTest {
    private static final Path FILE = Path.of("config.json");
    private static final int ROWS = 12;
    private static final int PASSES = 5;
    private static final ExchangeSettings PLAIN = ExchangeSettings.of(Compression.none);

    private static TrainRecipe recipe(String format, int workers) {
        return (TrainRecipe) Recipes.parse("""
                kind: train
                name: shared
                stage: pretrain
                model: {vocabulary: 300, scratch: {family: llama, hidden: 32, layers: 2, heads: 4, kvHeads: 2, headSize: 8, intermediate: 48, context: 32}}
                data: [{dataset: d, format: text}]
                sequence: 16
                microTokens: 16
                steps: 10
                device: gpu
                precision: {format: %s}
                exchange: {workers: %d}
                """.formatted(format, workers), "test");
    }

    private static Student student(TrainRecipe recipe, Arena arena) {
        ObjectNode config = ScratchModel.config(recipe.model().scratch(), 300, Set.of(0));
        Trainable model = Trainable.of(FILE, config, ScratchModel.weights(FILE, config, 1, arena), arena, 32);
        HostGpus gpus = new HostGpus(() -> new EmulatedGpu(90));
        Place place = Place.onGpu(recipe, FILE, config, MemoryPlan.of(recipe, FILE, config), gpus);
        int workers = recipe.exchange().workers();
        return new Student(model, null, recipe.precision().precision(), false, workers, 1, place, arena);
    }

    /** A pass over random tokens, the same whenever its number is. */
    private static float[] pass(Student student, int worker, int number, int workers) {
        SplittableRandom random = new SplittableRandom(number);
        int[] tokens = random.ints(ROWS, 0, 300).toArray();
        int[] targets = random.ints(ROWS, 0, 300).toArray();
        int[] rows = new int[ROWS];
        Arrays.setAll(rows, i -> i);
        float[] weights = new float[ROWS];
        Arrays.fill(weights, (float) workers / (PASSES * ROWS));
        Tensor hidden = student.hidden(worker, Batch.of(tokens, List.of(new Batch.Span(0, ROWS)), null));
        return student.tape(worker).backward(student.network(), hidden, rows, targets, weights);
    }

    @ParameterizedTest
    @CsvSource({"fp32,3", "bf16,2", "fp8_block,2"})
    void devicesLeaveTheSameBits(String format, int workers) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        try (Arena arena = Arena.ofShared();
                Student together = student(recipe(format, workers), arena);
                Student alone = student(recipe(format, 1), arena)) {
            var settings = recipe(format, 1).optimizer().settings();
            Optimizer shards = together.optimizer(settings, States.in(arena));
            Optimizer whole = alone.optimizer(settings, States.in(arena));
            GradientExchange exchange = together.exchange(PLAIN, States.in(arena));
            LocalExchange local = new LocalExchange(PLAIN, workers, alone.parameters(), States.in(arena));
            for (int step = 1; step <= 2; step++) {
                int first = step * PASSES;
                float[][] losses = new float[PASSES][];
                together.begin(step);
                together.share(PASSES, (worker, i) -> losses[i] = pass(together, worker, first + i, workers));
                exchange.average(together.gradients(), step);
                double norm = together.norm();

                List<Map<String, Tensor>> turns = new ArrayList<>();
                for (int worker = 0; worker < workers; worker++) {
                    alone.begin(step);
                    for (int i = worker; i < PASSES; i += workers) {
                        assertThat(pass(alone, 0, first + i, workers)).isEqualTo(losses[i]);
                    }
                    Map<String, Tensor> copies = new LinkedHashMap<>();
                    alone.gradients()
                            .getFirst()
                            .forEach((name, tensor) ->
                                    copies.put(name, Tensor.of(arena, alone.read(0, tensor), tensor.shape())));
                    turns.add(copies);
                }
                local.average(turns, step);
                // The memory of an emulated device is the host's.
                alone.gradients()
                        .getFirst()
                        .forEach((name, tensor) ->
                                tensor.copyFrom(turns.getFirst().get(name)));
                assertThat(norm).isCloseTo(alone.norm(), within(1e-12 * norm));

                float clip = (float) Math.min(1, 0.5 / norm);
                shards.step(together.gradients().getFirst(), step, 0.01f, clip);
                whole.step(alone.gradients().getFirst(), step, 0.01f, clip);
                together.changed();
                alone.changed();
            }
            together.fetch();
            alone.fetch();
            together.masters()
                    .forEach((name, tensor) -> assertThat(tensor.toArray())
                            .as(name)
                            .isEqualTo(alone.masters().get(name).toArray()));
        }
    }
}
