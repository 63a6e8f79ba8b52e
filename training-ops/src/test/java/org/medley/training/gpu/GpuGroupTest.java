package org.medley.training.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.HostGpus;
import org.medley.runtime.tensor.cuda.NullGpu;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.optimizer.GradientNorm;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.parallel.LocalExchange;
import org.medley.training.precision.Precision;

/** Devices that have a shard of the optimizer each, beside one optimizer over the mean of all gradients. */
class GpuGroupTest {
    private static final ExchangeSettings PLAIN = ExchangeSettings.of(Compression.none);
    private static final Settings ADAMW = Settings.of(Method.adamw);
    private static final String PRODUCT = "layers.0.up_proj.weight";
    private static final String TABLE = "embed_tokens.weight";

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    /** Of sizes that no number of ranks divides; the last is smaller than what shards are multiples of. */
    private Map<String, Tensor> weights(SplittableRandom random) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put(TABLE, Gaussian.tensor(arena, random, 7 + random.nextInt(9), 32));
        weights.put("layers.0.norm.weight", Gaussian.tensor(arena, random, 32));
        weights.put(PRODUCT, Gaussian.tensor(arena, random, 41 + random.nextInt(20), 32));
        weights.put("layers.0.bias", Gaussian.tensor(arena, random, 1 + random.nextInt(60)));
        return weights;
    }

    private Map<String, Tensor> like(Map<String, Tensor> weights, SplittableRandom random) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> tensors.put(name, Gaussian.tensor(arena, random, tensor.shape())));
        return tensors;
    }

    private Map<String, Tensor> copies(Map<String, Tensor> tensors) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> copies.put(name, Tensor.of(arena, tensor.toArray(), tensor.shape())));
        return copies;
    }

    private static List<Parameter> parameters(Map<String, Tensor> masters) {
        return masters.entrySet().stream()
                .map(entry -> new Parameter(entry.getKey(), entry.getValue(), 0))
                .toList();
    }

    private static TrainedWeights trained(Map<String, Tensor> weights) {
        return new TrainedWeights(weights, weights, weights, TrainedWeights.products(weights));
    }

    private static GpuGroup group(int ranks, Map<String, Tensor> weights, Precision precision) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        HostGpus gpus = new HostGpus(() -> new EmulatedGpu(90));
        List<Gpu> opened = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            opened.add(gpus.open(rank));
        }
        return new GpuGroup(opened, gpus.among(opened), trained(weights), precision, 128, 0);
    }

    private static void same(Map<String, Tensor> found, Map<String, Tensor> expected, String what) {
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((name, tensor) -> assertThat(tensor.toArray())
                .as(what + ", " + name)
                .isEqualTo(expected.get(name).toArray()));
    }

    private static Precision precision(String kind) {
        return new Precision(Precision.Kind.valueOf(kind), Precision.Scales.power_of_two, 1);
    }

    @ParameterizedTest
    @CsvSource({"1,fp32", "2,fp32", "3,fp32", "4,fp32", "1,bf16", "2,bf16", "3,fp8_block", "4,bf16"})
    void stepsAreThoseOfOneOptimizerOverTheMeanToTheBit(int ranks, String kind) {
        long seed = 40 + ranks;
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Tensor> masters = weights(random);
        Map<String, Tensor> expected = copies(masters);
        Optimizer one = Optimizers.make(ADAMW, parameters(expected), States.in(arena));
        LocalExchange local = new LocalExchange(PLAIN, ranks, parameters(expected), States.in(arena));
        try (GpuGroup group = group(ranks, masters, precision(kind))) {
            Optimizer sharded = group.optimizer(ADAMW, parameters(masters), States.in(arena));
            GradientExchange exchange = group.exchange(PLAIN, ranks, parameters(masters), States.in(arena));
            for (int step = 1; step <= 4; step++) {
                List<Map<String, Tensor>> whole = new ArrayList<>();
                List<Map<String, Tensor>> onDevices = new ArrayList<>();
                for (int rank = 0; rank < ranks; rank++) {
                    Map<String, Tensor> gradients = like(masters, random);
                    Map<String, Tensor> theirs = group.of(rank).gradients(masters);
                    // The memory of an emulated device is the host's.
                    theirs.forEach((name, tensor) -> tensor.copyFrom(gradients.get(name)));
                    whole.add(gradients);
                    onDevices.add(theirs);
                }
                local.average(whole, step);
                exchange.average(onDevices, step);
                double norm = GradientNorm.of(whole.getFirst());
                assertThat(group.norm(onDevices.getFirst()))
                        .as("seed %d, step %d", seed, step)
                        .isCloseTo(norm, within(1e-12 * norm));
                one.step(whole.getFirst(), step, 0.01f, (float) (1 / norm));
                sharded.step(onDevices.getFirst(), step, 0.01f, (float) (1 / norm));
                group.changed();
                float[] alone = computedAlone(expected, precision(kind));
                for (int rank = 0; rank < ranks; rank++) {
                    assertThat(computed(group.of(rank), masters))
                            .as("seed %d, step %d, rank %d", seed, step, rank)
                            .isEqualTo(alone);
                }
            }
            group.fetch();
            same(masters, expected, "seed " + seed);
            same(sharded.states().tensors(), one.states().tensors(), "seed " + seed);
        }
    }

    /** What a network computes on a device by itself that was given the weights. */
    private static float[] computedAlone(Map<String, Tensor> weights, Precision precision) {
        try (GpuDevice alone = new GpuDevice(new EmulatedGpu(90), trained(weights), precision, 128, 0)) {
            return computed(alone, weights);
        }
    }

    private static float[] computed(TrainingDevice device, Map<String, Tensor> weights) {
        device.pass(Batch.of(new int[5], List.of(new Batch.Span(0, 5)), null));
        Tensor x = device.forward().embedding(weights.get(TABLE), new int[] {0, 3, 1, 5, 6});
        Tensor normed = device.forward().rmsNorm(x, weights.get("layers.0.norm.weight"), 1e-5f);
        return device.read(device.forward().linear(normed, weights.get(PRODUCT), null));
    }

    @Test
    void whatIsStoredIsWhatIsFetched() {
        SplittableRandom random = new SplittableRandom(8);
        Map<String, Tensor> masters = weights(random);
        try (GpuGroup group = group(3, masters, precision("bf16"))) {
            Optimizer optimizer = group.optimizer(ADAMW, parameters(masters), States.in(arena));
            Map<String, Tensor> states = optimizer.states().tensors();
            for (Map<String, Tensor> tensors : List.of(masters, states)) {
                tensors.values().forEach(tensor -> tensor.copyFrom(Gaussian.tensor(arena, random, tensor.shape())));
            }
            Map<String, Tensor> stored = copies(masters);
            Map<String, Tensor> storedStates = copies(states);
            group.store();
            for (Map<String, Tensor> tensors : List.of(masters, states)) {
                tensors.values().forEach(Tensor::fillZero);
            }
            group.fetch();
            same(masters, stored, "masters");
            same(states, storedStates, "states");
        }
    }

    @Test
    void everyElementIsInOneShard() {
        SplittableRandom random = new SplittableRandom(9);
        for (int ranks = 1; ranks <= 9; ranks++) {
            Shards shards = Shards.of(weights(random), ranks);
            Map<String, Long> next = new LinkedHashMap<>();
            for (int rank = 0; rank < ranks; rank++) {
                for (Shards.Piece piece : shards.pieces(rank)) {
                    assertThat(piece.from()).as("ranks %d", ranks).isEqualTo(next.getOrDefault(piece.name(), 0L));
                    assertThat(4 * (rank * shards.size() + piece.at()))
                            .isEqualTo(shards.before(piece.name()) + 4 * piece.from());
                    assertThat(piece.at() + piece.count()).isLessThanOrEqualTo(shards.size());
                    next.merge(piece.name(), piece.count(), Long::sum);
                }
            }
            shards.spans().forEach((name, span) -> assertThat(next.get(name)).isEqualTo(span.count()));
        }
    }

    @Test
    void aFailureNamesItsRankAndAllAreClosed() {
        List<NullGpu> gpus = List.of(new NullGpu(), new NullGpu());
        Map<String, Tensor> masters = weights(new SplittableRandom(1));
        GpuGroup group = new GpuGroup(
                List.copyOf(gpus),
                new HostGpus(NullGpu::new).among(List.copyOf(gpus)),
                trained(masters),
                Precision.FP32,
                128,
                0);
        gpus.get(1).fail(true);
        List<Integer> done = Collections.synchronizedList(new ArrayList<>());
        assertThatThrownBy(() -> group.share(4, 2, (worker, pass) -> {
                    group.of(worker).pass(Batch.of(new int[5], List.of(new Batch.Span(0, 5)), null));
                    computed(group.of(worker), masters);
                    done.add(pass);
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("rank 1 on null: ")
                .hasMessageEndingWith("is refused");
        assertThat(done).containsExactly(0, 2);
        assertThatThrownBy(() -> group.exchange(ExchangeSettings.of(Compression.loco), 2, List.of(), States.planned()))
                .hasMessageContaining("compression loco");
        assertThatThrownBy(() ->
                        group.exchange(PLAIN, 2, List.of(), States.planned()).average(List.of(Map.of()), 1))
                .hasMessage("gradients of 1 workers; the exchange is among 2");
        gpus.get(1).fail(false);
        group.close();
        assertThat(gpus).allMatch(NullGpu::closed);
    }
}
