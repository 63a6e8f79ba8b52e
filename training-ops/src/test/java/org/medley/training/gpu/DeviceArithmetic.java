package org.medley.training.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.cuda.Product.Operand;
import org.medley.runtime.tensor.kernel.Rounding.Format;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.optimizer.GradientNorm;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.LocalExchange;
import org.medley.training.precision.Tiling;

/** Rounding in tiles, products over them and the optimizer on a device, beside the processor's. */
abstract class DeviceArithmetic {
    private static final int BLOCK = 128;

    private final Arena arena = Arena.ofShared();
    private Gpu gpu;
    private DevicePool pool;
    private CudaWeights weights;
    private CudaOps ops;
    private DeviceMemory memory;
    private DeviceWorkspace room;
    private Launcher launcher;

    /** What products of F32 sums may be away, as a share of the largest element: sums have other orders. */
    static final double PRODUCTS_NEAR = 1e-5;

    /** The same where codes are multiplied. */
    abstract double codesNear();

    /** A device of compute capability 9.0 where it is emulated, which the test closes. */
    abstract Gpu open();

    @BeforeEach
    void openDevice() {
        gpu = open();
        pool = new DevicePool(gpu);
        weights = new CudaWeights(pool);
        ops = new CudaOps(pool, weights, 4, 1);
        launcher = ops.launcher();
        memory = new DeviceMemory(pool, "test");
        room = new DeviceWorkspace(pool);
    }

    @AfterEach
    void closeDevice() {
        if (gpu != null) {
            room.close();
            memory.close();
            ops.close();
            weights.close();
            gpu.close();
        }
        arena.close();
    }

    /** Of very different sizes, with zeros, whole tiles of them too, and what no scale reaches. */
    private Tensor random(SplittableRandom random, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            boolean empty = i / cols / BLOCK == 1 && i % cols < BLOCK;
            double spread = Math.exp(6 * random.nextGaussian());
            values[i] = empty || random.nextInt(20) == 0 ? 0 : (float) (random.nextGaussian() * spread);
        }
        values[0] = 1e-42f;
        values[values.length - 1] = 3e37f;
        return Tensor.of(arena, values, rows, cols);
    }

    private byte[] bytes(long address, int count) {
        byte[] values = new byte[count];
        MemorySegment host = arena.allocate(count, 16);
        gpu.download(address, host.address(), count);
        MemorySegment.copy(host, ValueLayout.JAVA_BYTE, 0, values, 0, count);
        return values;
    }

    private float[] floats(long address, int count) {
        return new Uploads(gpu, room).read(address, count);
    }

    private static void equal(float found, float expected, String what, int row, int col) {
        // Zeros may differ in their sign, which no product tells.
        assertThat(found == expected)
                .as("%s at %d, %d: %s is to be %s", what, row, col, found, expected)
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"1,true,false", "2,false,false", "3,true,true", "4,false,true"})
    void tilesAreTheProcessorsToTheBit(long seed, boolean power, boolean whole) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 130 + random.nextInt(60);
        int cols = 16 * (9 + random.nextInt(9));
        int padded = Math.ceilDiv(rows, 16) * 16;
        Tensor x = random(random, rows, cols);
        Tensor device = ops.toDevice(x);
        Tiles tiles = new Tiles(launcher, power, whole);
        String what = "seed " + seed;

        Tensor expected = Tensor.zeros(arena, rows, cols);
        tiling(1, BLOCK, power, whole).round(x, 0, expected);
        Operand found = tiles.rows(device, padded, true, room);
        byte[] codes = bytes(found.address(), padded * cols);
        float[] scales = floats(found.scales(), whole ? 1 : Math.ceilDiv(cols, BLOCK) * padded);
        for (int row = 0; row < padded; row++) {
            for (int col = 0; col < cols; col++) {
                float scale = whole ? scales[0] : scales[col / BLOCK * padded + row];
                float value = Float8.e4m3(codes[row * cols + col]) * scale;
                equal(value, row < rows ? expected.get((long) row * cols + col) : 0, what + ", rows", row, col);
            }
        }

        tiling(BLOCK, 1, power, whole).round(x, 0, expected);
        found = tiles.columns(device, padded, true, room);
        codes = bytes(found.address(), padded * cols);
        scales = floats(found.scales(), whole ? 1 : Math.ceilDiv(padded, BLOCK) * cols);
        for (int row = 0; row < padded; row++) {
            for (int col = 0; col < cols; col++) {
                float scale = whole ? scales[0] : scales[row / BLOCK * cols + col];
                float value = Float8.e4m3(codes[col * padded + row]) * scale;
                equal(value, row < rows ? expected.get((long) row * cols + col) : 0, what + ", columns", row, col);
            }
        }

        tiling(BLOCK, BLOCK, power, whole).round(x, 0, expected);
        for (boolean coded : new boolean[] {true, false}) {
            long bytes = EightBitWeight.bytes(rows, cols, coded);
            Operand along = new Operand(memory.allocate(bytes), memory.allocate(EightBitWeight.scaleBytes(rows, cols)));
            Operand turned = coded
                    ? new Operand(memory.allocate(bytes), memory.allocate(EightBitWeight.scaleBytes(cols, rows)))
                    : null;
            EightBitWeight weight = new EightBitWeight(rows, cols, coded, padded, along, turned);
            tiles.blocks(device.address(), weight, memory.allocate(4));
            int across = EightBitWeight.across(cols);
            int down = EightBitWeight.across(rows);
            byte[] lying = bytes(along.address(), (int) bytes);
            byte[] standing = coded ? bytes(turned.address(), (int) bytes) : null;
            scales = coded ? floats(along.scales(), whole ? 1 : Math.ceilDiv(rows, BLOCK) * across) : null;
            float[] turnedScales = coded ? floats(turned.scales(), whole ? 1 : Math.ceilDiv(cols, BLOCK) * down) : null;
            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < cols; col++) {
                    float value = expected.get((long) row * cols + col);
                    int at = row * cols + col;
                    int there = col * rows + row;
                    if (coded) {
                        float one = whole ? scales[0] : scales[row / BLOCK * across + col / BLOCK];
                        float other = whole ? turnedScales[0] : turnedScales[col / BLOCK * down + row / BLOCK];
                        equal(Float8.e4m3(lying[at]) * one, value, what + ", blocks", row, col);
                        equal(Float8.e4m3(standing[there]) * other, value, what + ", turned blocks", row, col);
                    } else if (power) {
                        // Four significant bits times a power of two is a number that BF16 has.
                        equal(bf16(lying, at), value, what + ", BF16", row, col);
                    }
                }
            }
        }
    }

    private static float bf16(byte[] values, int at) {
        return Float.intBitsToFloat((values[2 * at] & 0xff) << 16 | values[2 * at + 1] << 24);
    }

    private static Tiling tiling(int rows, int cols, boolean power, boolean whole) {
        return whole ? Tiling.whole(Format.E4M3, power) : new Tiling(Format.E4M3, rows, cols, power, false);
    }

    /** The three products over codes, and over what they stand for, beside F32 products of the same rounded values. */
    @ParameterizedTest
    @CsvSource({"1,128,128,128,false", "2,100,128,256,false", "3,60,128,128,true", "4,37,80,48,false", "5,16,48,96,true"
    })
    void productsOverTiles(long seed, int m, int n, int k, boolean whole) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor weight = Gaussian.tensor(arena, random, n, k);
        Tensor x = Gaussian.tensor(arena, random, m, k);
        Tensor dy = Gaussian.tensor(arena, random, m, n);
        Tiles tiles = new Tiles(launcher, true, whole);
        EightBitProducts eight = new EightBitProducts(launcher, tiles, ops.workspace(), room);
        NetworkWeights network = new NetworkWeights(launcher, memory, weights, eight, tiles);
        boolean coded = EightBitProducts.coded(gpu, whole, n, k, m);
        int capability = gpu.properties().capability();
        boolean multiplied = capability == 90 || (whole && capability >= 89);
        assertThat(coded).isEqualTo(n % BLOCK == 0 && k % BLOCK == 0 && multiplied);
        network.tiled(weight, ops.toDevice(weight).address(), m);
        network.round();

        Tensor ddx = ops.toDevice(Gaussian.tensor(arena, random, m, k));
        Tensor ddw = ops.toDevice(Gaussian.tensor(arena, random, n, k));
        float[] dxBefore = floats(ddx.address(), m * k);
        float[] dwBefore = floats(ddw.address(), n * k);
        Tensor dx = Tensor.of(arena, dxBefore, m, k);
        Tensor dw = Tensor.of(arena, dwBefore, n, k);
        try (Workspace workspace = new Workspace()) {
            CpuOps cpu = new CpuOps(workspace);
            CpuBackwardOps back = new CpuBackwardOps(workspace);
            Tensor w = rounded(weight, tiling(BLOCK, BLOCK, true, whole));
            Tensor y = cpu.linear(rounded(x, tiling(1, BLOCK, true, whole)), w, null);
            back.linear(x, w, rounded(dy, tiling(1, BLOCK, true, whole)), dx, null, null);
            Tiling down = tiling(BLOCK, 1, true, whole);
            back.linear(rounded(x, down), w, rounded(dy, down), null, dw, null);

            Tensor deviceX = ops.toDevice(x);
            Tensor deviceDy = ops.toDevice(dy);
            double share = coded ? codesNear() : PRODUCTS_NEAR;
            near(eight.forward(deviceX, weight), y, share, "seed " + seed + ", forward");
            eight.begin();
            eight.toInput(deviceDy, weight, ddx);
            near(ddx, dx, share, "seed " + seed + ", to the input");
            eight.toWeight(deviceX, weight, deviceDy, ddw);
            near(ddw, dw, share, "seed " + seed + ", to the weight");
        }
    }

    /** @param share of the largest magnitude that an element may be away */
    private void near(Tensor found, Tensor expected, double share, String what) {
        float[] values = floats(found.address(), (int) found.size());
        double largest = 0;
        for (float value : expected.toArray()) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i]).as(what + ", element " + i).isCloseTo(expected.get(i), within((float)
                    (share * largest)));
        }
    }

    private Tensor rounded(Tensor x, Tiling tiling) {
        Tensor y = Tensor.zeros(arena, x.shape());
        tiling.round(x, 0, y);
        return y;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void adamWIsTheProcessorsToTheBit(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Tensor> values = new LinkedHashMap<>();
        values.put("matrix", Gaussian.tensor(arena, random, 1 + random.nextInt(40), 1 + random.nextInt(70)));
        values.put("vector", Gaussian.tensor(arena, random, 1 + random.nextInt(300)));
        Shards shards = Shards.of(values, 1);
        long masters = memory.allocate(shards.bytes());
        values.forEach((name, tensor) -> {
            gpu.upload(tensor.address(), masters + shards.before(name), 4 * tensor.size());
            gpu.synchronize();
        });
        List<Parameter> parameters = values.entrySet().stream()
                .map(entry -> new Parameter(entry.getKey(), entry.getValue(), 0))
                .toList();
        Settings settings = Settings.of(Method.adamw);
        Optimizer cpu = Optimizers.make(settings, parameters, States.in(arena));
        States states = States.in(arena);
        DeviceAdamW.make(settings, parameters, states);
        DeviceAdamW device = new DeviceAdamW(launcher, memory, settings, parameters, shards.pieces(0), masters, states);
        for (int step = 1; step <= 5; step++) {
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            values.forEach((name, tensor) -> gradients.put(name, Gaussian.tensor(arena, random, tensor.shape())));
            Map<String, Tensor> onDevice = new LinkedHashMap<>();
            gradients.forEach((name, tensor) ->
                    onDevice.put(name, DeviceMemory.tensor(ops.toDevice(tensor).address(), tensor.shape())));
            Map<String, DeviceNorm.Run> runs = new LinkedHashMap<>();
            onDevice.forEach((name, tensor) -> runs.put(name, new DeviceNorm.Run(tensor.address(), tensor.size())));
            assertThat(Math.sqrt(new DeviceNorm(launcher, ops.workspace()).squares(runs)))
                    .isCloseTo(GradientNorm.of(gradients), within(1e-9));
            cpu.step(gradients, step, 0.01f, 0.7f);
            device.step(onDevice, step, 0.01f, 0.7f);
            values.forEach((name, tensor) -> assertThat(floats(masters + shards.before(name), (int) tensor.size()))
                    .as("seed " + seed + ", " + name)
                    .isEqualTo(tensor.toArray()));
        }
        device.fetch();
        cpu.states()
                .tensors()
                .forEach((name, tensor) -> assertThat(
                                device.states().tensors().get(name).toArray())
                        .as("seed " + seed + ", " + name)
                        .isEqualTo(tensor.toArray()));
        device.states().tensors().values().forEach(tensor -> tensor.copyFrom(new float[(int) tensor.size()]));
        device.store();
        device.states()
                .tensors()
                .values()
                .forEach(tensor -> tensor.copyFrom(Gaussian.tensor(arena, random, tensor.shape())));
        device.fetch();
        device.states()
                .tensors()
                .values()
                .forEach(tensor -> assertThat(tensor.toArray()).containsOnly(0f));
    }

    /** The order and the roundings of workers that take turns on the processor. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void theMeanOverRanksIsTheProcessorsToTheBit(int ranks) {
        SplittableRandom random = new SplittableRandom(ranks);
        int count = 300 + random.nextInt(300);
        List<Map<String, Tensor>> gradients = new ArrayList<>();
        long runs = memory.allocate(4L * ranks * count);
        for (int rank = 0; rank < ranks; rank++) {
            Tensor run = Gaussian.tensor(arena, random, count);
            gpu.upload(run.address(), runs + 4L * rank * count, 4L * count);
            gpu.synchronize();
            gradients.add(Map.of("g", run));
        }
        Tensor like = Tensor.zeros(arena, count);
        new LocalExchange(
                        ExchangeSettings.of(Compression.none),
                        ranks,
                        List.of(new Parameter("g", like, 0)),
                        States.in(arena))
                .average(gradients, 1);
        long mean = memory.allocate(4L * count);
        launcher.none().put(runs).put(ranks).put((long) count).put(1f / ranks).put(mean);
        launcher.launch("optimizer", "mean_of_ranks", Grid.elements(count));
        assertThat(floats(mean, count)).isEqualTo(gradients.getFirst().get("g").toArray());
    }

    @Test
    void otherOptimizersAreRefused() {
        assertThatThrownBy(() -> DeviceAdamW.make(Settings.of(Method.adan), List.of(), States.in(arena)))
                .hasMessageContaining("optimizer adan");
    }
}
