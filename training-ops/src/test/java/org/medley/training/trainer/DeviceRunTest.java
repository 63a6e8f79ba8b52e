package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Collectives;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Gpus;
import org.medley.runtime.tensor.cuda.HostGpus;
import org.medley.runtime.tensor.cuda.NullGpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpus;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.precision.Precision;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** Runs on a device beside the processor's. */
class DeviceRunTest {
    private static final Path FILE = Path.of("config.json");
    private static final String SCRATCH =
            "vocabulary: 300, scratch: {family: %s, hidden: 32, layers: 2, heads: 4, kvHeads: 2, headSize: 8, intermediate: 48, context: 32}";

    @TempDir
    Path home;

    private Catalog catalog;

    @BeforeEach
    void data() throws IOException {
        catalog = new Catalog(home.resolve("models"), home.resolve("datasets"), null);
        Files.createDirectories(home.resolve("datasets"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append("{\"text\":\"count from ")
                    .append(i)
                    .append(" to ")
                    .append(i + 1)
                    .append("\"}\n");
        }
        Files.writeString(home.resolve("datasets/counting.jsonl"), lines);
    }

    private static TrainRecipe recipe(String model, int steps, String more) {
        return (TrainRecipe) Recipes.parse("""
                kind: train
                name: counted
                stage: pretrain
                model: {%s}
                data: [{dataset: counting, format: text}]
                evaluation: {data: [{dataset: counting, format: text}], every: %d, examples: 4}
                sequence: 16
                microTokens: 24
                batchTokens: 30
                steps: %d
                optimizer: {learningRate: 0.005, warmup: 2}
                checkpoint: {every: 2}
                dtype: F32
                %s
                """.formatted(model, steps, steps, more), "test");
    }

    private static String scratch(String family) {
        return SCRATCH.formatted(family);
    }

    /** Remembers what it hears, and can stop a run after a step. */
    private static final class Recorder implements RunListener {
        private final List<Map<String, Double>> steps = new ArrayList<>();
        private final int stopAfter;

        Recorder(int stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void steps(int steps) {}

        @Override
        public void metric(int step, Map<String, Double> values) {
            if (step > 0) { // what is measured before the first is no step
                steps.add(values);
            }
        }

        @Override
        public void message(String text) {}

        @Override
        public boolean cancelled() {
            return steps.size() >= stopAfter;
        }

        List<Double> of(String metric) {
            return steps.stream().map(values -> values.get(metric)).toList();
        }
    }

    private Lineage run(TrainRecipe recipe, String work, Recorder recorder, Supplier<Gpu> gpu) throws IOException {
        return new TrainRun(recipe, catalog, home.resolve(work), recorder, new HostGpus(gpu))
                .run(home.resolve("models/" + work));
    }

    private static Gpu emulated() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu(90);
    }

    private static Gpu real() {
        assumeThat(CudaPresence.absence()).as("a CUDA device").isEmpty();
        return CudaGpu.open(0);
    }

    /**
     * @param near how far losses may be from the processor's, as a part of them
     * @param far the same for the gradients' norms after the first step: what differs once goes on
     */
    private void beside(String family, int steps, String more, double near, double far, Supplier<Gpu> gpu)
            throws IOException {
        Recorder cpu = new Recorder(99);
        run(recipe(scratch(family), steps, more), "cpu", cpu, gpu);
        Recorder device = new Recorder(99);
        run(recipe(scratch(family), steps, more + "\ndevice: gpu"), "gpu", device, gpu);
        assertThat(device.steps).hasSize(steps);
        for (int i = 0; i < steps; i++) {
            close(cpu.of("loss").get(i), device.of("loss").get(i), near, "loss of step " + (i + 1));
            double room = i == 0 ? near : far;
            close(cpu.of("gradientNorm").get(i), device.of("gradientNorm").get(i), room, "norm of step " + (i + 1));
        }
        assertThat(device.of("loss").getLast()).isLessThan(device.of("loss").getFirst());
        close(cpu.of("evaluationLoss").getLast(), device.of("evaluationLoss").getLast(), near, "evaluation");
    }

    private static void close(double expected, double found, double near, String what) {
        assertThat(found).as(what).isCloseTo(expected, within(near * expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"llama|10|seed: 4", "qwen3|3|recompute: true", "gemma2|3|seed: 4"})
    void stepsAreTheProcessorsUpToRounding(String family, int steps, String more) throws IOException {
        beside(family, steps, more, 1e-4, 1e-4, DeviceRunTest::emulated);
    }

    /** What is rounded differs: between the operations the processor has BF16, the device F32. */
    @ParameterizedTest
    @ValueSource(strings = {"bf16", "fp8_block", "fp8_tensor"})
    void stepsInLowerPrecisionAreNearTheProcessors(String format) throws IOException {
        beside("llama", 3, "precision: {format: " + format + "}", 0.02, 0.1, DeviceRunTest::emulated);
    }

    /** Workers with devices of their own compute what workers that take turns do. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama|2|exchange: {workers: 2}|1e-4|1e-4",
                "qwen3|2|{exchange: {workers: 3}, recompute: true}|1e-4|1e-4",
                "llama|2|{exchange: {workers: 2}, precision: {format: bf16}}|0.02|0.1"
            })
    void workersOnSeveralDevicesAreTheProcessors(String family, int steps, String more, double near, double far)
            throws IOException {
        beside(family, steps, lines(more), near, far, DeviceRunTest::emulated);
    }

    /** Keys of a recipe by themselves. */
    private static String lines(String keys) {
        return keys.startsWith("{") ? keys.substring(1, keys.length() - 1).replace("}, ", "}\n") : keys;
    }

    @Test
    @Tag("gpu")
    void tenStepsOnTwoDevicesOfThisMachine() throws IOException {
        assumeThat(CudaPresence.absence(1)).as("a second CUDA device").isEmpty();
        Recorder cpu = new Recorder(99);
        String workers = "exchange: {workers: 2}";
        run(recipe(scratch("llama"), 10, workers), "cpu", cpu, DeviceRunTest::real);
        Recorder devices = new Recorder(99);
        TrainRecipe recipe = recipe(scratch("llama"), 10, workers + "\ndevice: gpu");
        new TrainRun(recipe, catalog, home.resolve("gpu"), devices, new CudaGpus()).run(home.resolve("models/gpu"));
        for (int i = 0; i < 10; i++) {
            close(cpu.of("loss").get(i), devices.of("loss").get(i), 1e-3, "loss of step " + (i + 1));
        }
    }

    @Test
    @Tag("gpu")
    void tenStepsOnTheDeviceOfThisMachine() throws IOException {
        beside("llama", 10, "seed: 4", 1e-3, 1e-3, DeviceRunTest::real);
    }

    @Test
    void aResumedRunIsBitForBitTheUninterruptedOne() throws IOException {
        resumed("", DeviceRunTest::emulated);
    }

    @Test
    void aResumedRunOnTwoDevicesIsBitForBitTheUninterruptedOne() throws IOException {
        resumed("exchange: {workers: 2}", DeviceRunTest::emulated);
    }

    @Test
    @Tag("gpu")
    void aResumedRunOnTheDeviceOfThisMachineIsBitForBitTheUninterruptedOne() throws IOException {
        resumed("", DeviceRunTest::real);
    }

    private void resumed(String more, Supplier<Gpu> gpu) throws IOException {
        TrainRecipe recipe = recipe(scratch("llama"), 4, "device: gpu\nprecision: {format: bf16}\n" + more);
        Recorder whole = new Recorder(99);
        Lineage expected = run(recipe, "a", whole, gpu);
        assertThatThrownBy(() -> run(recipe, "b", new Recorder(3), gpu)).isInstanceOf(RunCancelledException.class);
        Recorder second = new Recorder(99);
        Lineage resumed = run(recipe, "b", second, gpu);
        assertThat(second.of("loss")).isEqualTo(whole.of("loss").subList(3, 4));
        assertThat(second.of("gradientNorm")).isEqualTo(whole.of("gradientNorm").subList(3, 4));
        assertThat(resumed.sha256()).isEqualTo(expected.sha256());
    }

    @Test
    void anAdapterIsTrainedOverAFrozenModelAndSamplesAreAnswered() throws IOException {
        run(recipe(scratch("llama"), 3, ""), "base", new Recorder(99), DeviceRunTest::emulated);
        String adapter = "adapter: {rank: 4}\nsamples: {prompts: [count from], every: 4, tokens: 3}\n";
        Recorder cpu = new Recorder(99);
        run(recipe("from: base", 4, adapter), "c", cpu, DeviceRunTest::emulated);
        Recorder device = new Recorder(99);
        run(recipe("from: base", 4, adapter + "device: gpu"), "g", device, DeviceRunTest::emulated);
        Recorder two = new Recorder(99);
        run(
                recipe("from: base", 4, adapter + "device: gpu\nexchange: {workers: 2}"),
                "t",
                two,
                DeviceRunTest::emulated);
        for (int i = 0; i < 4; i++) {
            double expected = cpu.of("loss").get(i);
            assertThat(device.of("loss").get(i)).isCloseTo(expected, within(1e-4 * expected));
            // A step has the same passes, whoever runs them.
            assertThat(two.of("loss").get(i)).isCloseTo(expected, within(1e-4 * expected));
        }
    }

    @Test
    void theFirstValueThatIsNoNumberIsFoundWhereTheProcessorFindsIt() {
        TrainRecipe recipe = recipe(scratch("llama"), 2, "device: gpu");
        ObjectNode config = ScratchModel.config(recipe.model().scratch(), 300, Set.of(0));
        Batch batch = Batch.of(new int[10], List.of(new Batch.Span(0, 10)), null);
        List<String> found = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            for (Place place : List.of(
                    Place.HOST,
                    Place.onGpu(
                            recipe,
                            FILE,
                            config,
                            MemoryPlan.of(recipe, FILE, config),
                            new HostGpus(DeviceRunTest::emulated)))) {
                Trainable model = Trainable.of(FILE, config, ScratchModel.weights(FILE, config, 1, arena), arena, 32);
                Precision full = Precision.FP32;
                try (Student student = new Student(model, null, full, false, 1, 1, place, arena)) {
                    assertThat(student.firstBad(batch)).isNull();
                    Tensor poisoned = student.masters().get("model.layers.1.mlp.up_proj.weight");
                    float[] values = poisoned.toArray();
                    values[values.length / 2] = Float.NaN;
                    poisoned.copyFrom(values);
                    student.store();
                    found.add(student.firstBad(batch));
                }
            }
        }
        assertThat(found.get(0)).contains("model.layers.1.mlp.up_proj.weight");
        assertThat(found.get(1)).isEqualTo(found.get(0));
    }

    @Test
    void aMixtureIsRefusedBeforeADeviceIsOpened() {
        String mixture = scratch("qwen3_moe").replace("intermediate: 48", "intermediate: 48, experts: 4");
        TrainRecipe recipe = recipe(mixture, 2, "device: gpu");
        assertThatThrownBy(() -> run(recipe, "m", new Recorder(99), () -> {
                    throw new AssertionError("a device is opened");
                }))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("set device: cpu");
    }

    @Test
    void moreWorkersThanDevicesAreRefusedAndWhatWasOpenedIsClosed() {
        NullGpu only = new NullGpu();
        Gpus one = new Gpus() {
            @Override
            public Gpu open(int number) {
                if (number > 0) {
                    throw new IllegalStateException("there is no CUDA device 1, the driver sees 1, from 0 on");
                }
                return only;
            }

            @Override
            public Collectives among(List<Gpu> gpus) {
                throw new AssertionError("asked for what moves memory among too few devices");
            }
        };
        TrainRecipe recipe = recipe(scratch("llama"), 2, "device: gpu\nexchange: {workers: 3}");
        assertThatThrownBy(() -> new TrainRun(recipe, catalog, home.resolve("w"), new Recorder(99), one)
                        .run(home.resolve("models/w")))
                .isInstanceOf(BadRecipeException.class)
                .hasMessage("exchange.workers is 3, each on a GPU of its own, and of those 1 is to be had:"
                        + " there is no CUDA device 1, the driver sees 1, from 0 on");
        assertThat(only.closed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "precision: {format: fp8_block}\nexchange: {workers: 2}"})
    void whereverTheMemoryEndsWhatWasOpenedIsClosed(String more) {
        TrainRecipe recipe = recipe(scratch("llama"), 2, "device: gpu\n" + more);
        int refused = 0;
        for (int times = 0; refused == times; times++) {
            int left = times;
            List<NullGpu> gpus = new ArrayList<>();
            Gpus few = new HostGpus(() -> {
                NullGpu gpu = new NullGpu();
                gpu.fullAfter(left);
                gpus.add(gpu);
                return gpu;
            });
            Path work = home.resolve("w" + times);
            try {
                new TrainRun(recipe, catalog, work, new Recorder(99), few).run(home.resolve("models/m" + times));
            } catch (Exception e) {
                refused += e.toString().contains("out of memory") ? 1 : 0;
            }
            assertThat(gpus).as("memory %d times", times).isNotEmpty().allMatch(NullGpu::closed);
        }
        assertThat(refused).isGreaterThan(20);
    }

    @Test
    void ofSeveralDevicesEachHoldsAShardOfMastersAndStates() {
        String scratch =
                "vocabulary: 4000, scratch: {family: llama, hidden: 1024, layers: 4, heads: 8, kvHeads: 2, intermediate: 2816, context: 1024}";
        ObjectNode config =
                ScratchModel.config(planned(scratch, "bf16", false, "").model().scratch(), 4000, Set.of(0));
        MemoryPlan one = MemoryPlan.of(planned(scratch, "bf16", false, ""), FILE, config);
        MemoryPlan four = MemoryPlan.of(planned(scratch, "bf16", false, "exchange: {workers: 4}"), FILE, config);
        assertThat(four.bytes().get("master weights") * 4).isEqualTo(one.bytes().get("master weights"));
        assertThat(four.bytes().get("optimizer adamw") * 4)
                .isEqualTo(one.bytes().get("optimizer adamw"));
        assertThat(four.bytes().get("gradients")).isEqualTo(one.bytes().get("gradients"));
        assertThat(four.toString()).contains(" of memory on each of 4 devices: ");
        MemoryPlan full = MemoryPlan.of(planned(scratch, "fp32", false, "exchange: {workers: 4}"), FILE, config);
        assertThat(full.bytes().get("master weights")).isEqualTo(one.bytes().get("master weights"));
    }

    @ParameterizedTest
    @CsvSource({
        "fp32,false,false,1",
        "bf16,true,false,1",
        "fp8_block,false,false,1",
        "fp32,false,true,1",
        "bf16,false,true,1",
        "fp32,true,false,2",
        "bf16,true,false,2",
        "fp8_block,true,false,4",
        "bf16,false,true,2"
    })
    void aDeviceHoldsWhatWasPlanned(String format, boolean recompute, boolean adapted, int workers) {
        String scratch =
                "vocabulary: 4000, scratch: {family: llama, hidden: 1024, layers: 4, heads: 8, kvHeads: 2, intermediate: 2816, context: 1024}";
        TrainRecipe recipe = planned(
                adapted ? "from: base" : scratch,
                format,
                recompute,
                (adapted ? "adapter: {}\n" : "") + "exchange: {workers: " + workers + "}");
        ObjectNode config = ScratchModel.config(
                planned(scratch, format, recompute, "").model().scratch(), 4000, Set.of(0));
        MemoryPlan plan = MemoryPlan.of(recipe, FILE, config);
        List<NullGpu> gpus = new ArrayList<>();
        Supplier<Gpu> next = () -> {
            gpus.add(new NullGpu());
            return gpus.getLast();
        };
        try (Arena arena = Arena.ofShared()) {
            Trainable model = Trainable.of(FILE, config, ScratchModel.weights(FILE, config, 1, arena), arena, 1024);
            Adaptation adaptation = adapted ? new Adaptation(recipe.adapter(), model, 1, arena) : null;
            Place place = Place.onGpu(recipe, FILE, config, plan, new HostGpus(next));
            try (Student student = new Student(
                    model, adaptation, recipe.precision().precision(), recompute, workers, 1, place, arena)) {
                Optimizer optimizer = student.optimizer(recipe.optimizer().settings(), States.planned());
                GradientExchange exchange = student.exchange(ExchangeSettings.of(Compression.none), States.planned());
                List<Batch.Span> spans = new ArrayList<>();
                for (int row = 0; row < 8192; row += 1024) {
                    spans.add(new Batch.Span(row, 1024));
                }
                int[] rows = new int[8192];
                Arrays.setAll(rows, i -> i);
                for (int pass = 0; pass < 2; pass++) {
                    student.begin(1);
                    student.share(workers, (worker, i) -> {
                        Tensor hidden = student.hidden(worker, Batch.of(new int[8192], spans, null));
                        student.tape(worker).backward(model.network(), hidden, rows, new int[8192], new float[8192]);
                    });
                    exchange.average(student.gradients(), 1);
                    student.norm();
                    optimizer.step(student.gradients().getFirst(), 1, 0, 1);
                    student.changed();
                }
                assertThat(gpus)
                        .hasSize(workers)
                        .allSatisfy(gpu ->
                                assertThat(gpu.mostHeld()).isBetween(plan.total() * 3 / 4, plan.total() * 5 / 4));
            }
            assertThat(gpus).allMatch(NullGpu::closed);
        }
    }

    private static TrainRecipe planned(String model, String format, boolean recompute, String more) {
        return (TrainRecipe) Recipes.parse("""
                kind: train
                name: planned
                stage: pretrain
                model: {%s}
                data: [{dataset: d, format: text}]
                sequence: 1024
                microTokens: 8192
                steps: 10
                device: gpu
                precision: {format: %s}
                recompute: %s
                %s
                """.formatted(model, format, recompute, more), "test");
    }
}
