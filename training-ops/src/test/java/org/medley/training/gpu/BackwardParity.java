package org.medley.training.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.training.autograd.CpuBackwardOps;

/** Every way back on a device beside the processor's, on random shapes; gradients begin with something in them. */
abstract class BackwardParity {
    private static final double NEAR = 1e-4;

    private final Arena arena = Arena.ofShared();
    private final Workspace workspace = new Workspace();
    private final CpuOps cpuOps = new CpuOps(workspace);
    private final CpuBackwardOps cpu = new CpuBackwardOps(workspace);
    private Gpu gpu;
    private CudaWeights weights;
    private CudaOps ops;
    private DeviceMemory memory;
    private DeviceWorkspace operands;
    private CudaBackwardOps device;
    /** One whose attention multiplies BF16. */
    private CudaBackwardOps rounding;

    /** The device, which the test closes. */
    abstract Gpu open();

    @BeforeEach
    void openDevice() {
        gpu = open();
        DevicePool pool = new DevicePool(gpu);
        weights = new CudaWeights(pool);
        ops = new CudaOps(pool, weights, 4, 1);
        memory = new DeviceMemory(pool, "test");
        operands = new DeviceWorkspace(pool);
        PlainProducts plain = new PlainProducts(ops.launcher(), weights, ops.workspace(), operands);
        device = new CudaBackwardOps(ops, weights, new LinearLayers(plain, null), memory, false);
        rounding = new CudaBackwardOps(ops, weights, new LinearLayers(plain, null), memory, true);
    }

    @AfterEach
    void closeDevice() {
        if (gpu != null) {
            operands.close();
            memory.close();
            ops.close();
            weights.close();
            gpu.close();
        }
        workspace.close();
        arena.close();
    }

    /** A gradient on both sides, with the same in it. */
    private final class Gradient {
        final Tensor host;
        final Tensor onDevice;

        Gradient(SplittableRandom random, int... shape) {
            host = Gaussian.tensor(arena, random, shape);
            onDevice = DeviceMemory.tensor(ops.toDevice(host).address(), shape);
        }

        void same(String what) {
            same(what, NEAR);
        }

        void same(String what, double near) {
            float[] expected = host.toArray();
            float[] found = new Uploads(gpu, ops.workspace()).read(onDevice.address(), onDevice.size());
            double most = 0;
            for (float value : expected) {
                most = Math.max(most, Math.abs(value));
            }
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs(found[i] - expected[i]))
                        .as("%s, element %d: %s is to be %s", what, i, found[i], expected[i])
                        .isLessThanOrEqualTo((float) (near * most));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void normsAndRotation(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String what = "seed " + seed;
        int rows = 1 + random.nextInt(70);
        int width = 2 * (1 + random.nextInt(60));
        Tensor x = Gaussian.tensor(arena, random, rows, 2 * width);
        Tensor dy = Gaussian.tensor(arena, random, rows, 2 * width);
        Tensor weight = Gaussian.tensor(arena, random, width);
        Tensor dx = ops.toDevice(x);
        Tensor ddy = ops.toDevice(dy);
        Gradient gx = new Gradient(random, rows, 2 * width);
        Gradient gw = new Gradient(random, width);
        Gradient gb = new Gradient(random, width);
        cpu.rmsNorm(x, weight, 1e-5f, dy, gx.host, gw.host);
        device.rmsNorm(dx, weight, 1e-5f, ddy, gx.onDevice, gw.onDevice);
        gx.same(what);
        gw.same(what);
        cpu.rmsNorm(x, weight, 1e-5f, dy, null, gw.host);
        device.rmsNorm(dx, weight, 1e-5f, ddy, null, gw.onDevice);
        gw.same(what);
        cpu.layerNorm(x, weight, 1e-5f, dy, gx.host, gw.host, gb.host);
        device.layerNorm(dx, weight, 1e-5f, ddy, gx.onDevice, gw.onDevice, gb.onDevice);
        gx.same(what);
        gw.same(what);
        gb.same(what);
        Tensor factors = Gaussian.tensor(arena, random, 2 * width);
        Gradient gf = new Gradient(random, 2 * width);
        Gradient gc = new Gradient(random, 2 * width);
        cpu.columns(x, factors, dy, gx.host, gf.host, gc.host);
        device.columns(dx, factors, ddy, gx.onDevice, gf.onDevice, gc.onDevice);
        gx.same(what);
        gf.same(what);
        gc.same(what);
        int[] positions = random.ints(rows, 0, 50).toArray();
        for (RopeTable table : List.of(
                new RopeTable(RopeTable.frequencies(width, 10_000), 50),
                new RopeTable(width, RopeTable.frequencies(2 * (1 + width / 5), 10_000), 50, 1.2))) {
            cpu.rope(positions, table, dy, gx.host);
            device.rope(positions, table, ddy, gx.onDevice);
            gx.same(what);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void elementsAndRows(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String what = "seed " + seed;
        int rows = 1 + random.nextInt(20);
        int cols = 1 + random.nextInt(300);
        Tensor a = Gaussian.tensor(arena, random, rows, cols);
        Tensor b = Gaussian.tensor(arena, random, rows, cols);
        Tensor dy = Gaussian.tensor(arena, random, rows, cols);
        Tensor da = ops.toDevice(a);
        Tensor db = ops.toDevice(b);
        Tensor ddy = ops.toDevice(dy);
        Gradient ga = new Gradient(random, rows, cols);
        Gradient gb = new Gradient(random, rows, cols);
        cpu.swiglu(a, b, dy, ga.host, gb.host);
        device.swiglu(da, db, ddy, ga.onDevice, gb.onDevice);
        for (Ops.Gelu form : Ops.Gelu.values()) {
            cpu.gelu(a, form, dy, ga.host);
            device.gelu(da, form, ddy, ga.onDevice);
            cpu.geglu(a, b, form, dy, ga.host, gb.host);
            device.geglu(da, db, form, ddy, ga.onDevice, gb.onDevice);
        }
        cpu.scale(-0.7f, dy, ga.host);
        device.scale(-0.7f, ddy, ga.onDevice);
        Tensor capped = cpuOps.softCap(a, 1.5f);
        cpu.softCap(capped, 1.5f, dy, ga.host);
        device.softCap(ops.toDevice(capped), 1.5f, ddy, ga.onDevice);
        ga.same(what);
        gb.same(what);
        Gradient table = new Gradient(random, 7, cols);
        int[] ids = random.ints(rows, 0, 7).toArray();
        cpu.embedding(ids, dy, table.host);
        device.embedding(ids, ddy, table.onDevice);
        cpu.rows(ids, dy, table.host);
        device.rows(ids, ddy, table.onDevice);
        float[] shares = new float[rows];
        for (int i = 0; i < rows; i++) {
            shares[i] = random.nextFloat();
        }
        cpu.addRows(dy, ids, shares, table.host);
        device.addRows(ddy, ids, shares, table.onDevice);
        table.same(what);
        float[] expected = cpu.weightedRows(a, ids, shares, table.host, ga.host);
        float[] found = device.weightedRows(da, ids, shares, table.onDevice, ga.onDevice);
        ga.same(what);
        for (int i = 0; i < rows; i++) {
            assertThat((double) found[i]).as(what).isCloseTo(expected[i], within(1e-2));
        }
        device.write(dy.toArray(), db);
        assertThat(device.read(db)).isEqualTo(dy.toArray());
        int first = 1 + random.nextInt(rows);
        List<Batch.Span> spans = first == rows
                ? List.of(new Batch.Span(0, rows))
                : List.of(new Batch.Span(0, first), new Batch.Span(first, rows - first));
        Tensor above = Gaussian.tensor(arena, random, spans.size(), cols);
        cpu.means(spans, above, gb.host);
        device.means(spans, ops.toDevice(above), gb.onDevice);
        gb.same(what);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void linearLayers(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String what = "seed " + seed;
        int m = 1 + random.nextInt(50);
        int n = 1 + random.nextInt(40);
        int k = 1 + random.nextInt(40);
        Tensor x = Gaussian.tensor(arena, random, m, k);
        Tensor weight = Gaussian.tensor(arena, random, n, k);
        Tensor dy = Gaussian.tensor(arena, random, m, n);
        Gradient gx = new Gradient(random, m, k);
        Gradient gw = new Gradient(random, n, k);
        Gradient gb = new Gradient(random, n);
        cpu.linear(x, weight, dy, gx.host, gw.host, gb.host);
        device.linear(ops.toDevice(x), weight, ops.toDevice(dy), gx.onDevice, gw.onDevice, gb.onDevice);
        gx.same(what);
        gw.same(what);
        gb.same(what);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void crossEntropyWithAndWithoutAWayBack(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 1 + random.nextInt(9);
        int classes = 2 + random.nextInt(2000);
        Tensor logits = Gaussian.tensor(arena, random, rows, classes);
        int[] targets = random.ints(rows, 0, classes).toArray();
        float[] shares = new float[rows];
        for (int i = 0; i < rows; i++) {
            shares[i] = random.nextFloat();
        }
        Gradient d = new Gradient(random, rows, classes);
        Tensor onDevice = ops.toDevice(logits);
        float[] expected = cpu.crossEntropy(logits, targets, shares, d.host);
        float[] found = device.crossEntropy(onDevice, targets, shares, d.onDevice);
        float[] alone = device.crossEntropy(onDevice, targets, null, null);
        for (int i = 0; i < rows; i++) {
            assertThat(found[i]).as("seed " + seed).isCloseTo(expected[i], within(1e-4f));
            assertThat(alone[i]).isEqualTo(found[i]);
        }
        d.same("seed " + seed);
        device.crossEntropy(onDevice, targets, shares, onDevice);
        float[] inPlace = new Uploads(gpu, ops.workspace()).read(onDevice.address(), onDevice.size());
        assertThat(inPlace).isEqualTo(new Uploads(gpu, ops.workspace()).read(d.onDevice.address(), onDevice.size()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void attention(long seed) {
        attention(seed, device, NEAR);
    }

    /** Probabilities and what they change by are rounded to 8 bits each before they are summed. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void attentionByTensorCores(long seed) {
        attention(seed, rounding, 2e-2);
    }

    private void attention(long seed, CudaBackwardOps device, double near) {
        SplittableRandom random = new SplittableRandom(seed);
        int kv = 1 + random.nextInt(2);
        int size = seed == 7 ? 160 : seed == 8 ? 256 : 2 * (1 + random.nextInt(seed % 2 == 0 ? 16 : 60));
        Ops.Heads heads = new Ops.Heads(kv * (1 + random.nextInt(3)), kv, size);
        int window = random.nextBoolean() ? 1 + random.nextInt(40) : 0;
        float cap = random.nextBoolean() ? 0.5f + random.nextFloat() : 0;
        Attention shape = new Attention(heads, 0.2f, window, cap, seed % 3 != 0);
        List<Batch.Span> spans = new ArrayList<>();
        int rows = 0;
        for (int s = 0; s < 3; s++) {
            // Two seeds have sequences of several tiles.
            int length = 1 + random.nextInt(seed > 6 ? 20 : seed > 4 ? 200 : 45);
            spans.add(new Batch.Span(rows, length));
            rows += length;
        }
        String what = "seed " + seed + ": " + shape + " over " + spans;
        Batch batch = Batch.of(new int[rows], spans, null);
        Tensor q = Gaussian.tensor(arena, random, rows, heads.count() * size);
        Tensor k = Gaussian.tensor(arena, random, rows, kv * size);
        Tensor v = Gaussian.tensor(arena, random, rows, kv * size);
        Tensor dy = Gaussian.tensor(arena, random, rows, heads.count() * size);
        Gradient gq = new Gradient(random, rows, heads.count() * size);
        Gradient gk = new Gradient(random, rows, kv * size);
        Gradient gv = new Gradient(random, rows, kv * size);
        Tensor y = cpuOps.attention(q, k, v, shape, 0, batch);
        cpu.attention(q, k, v, shape, batch, y, dy, gq.host, gk.host, gv.host);
        device.attention(
                ops.toDevice(q),
                ops.toDevice(k),
                ops.toDevice(v),
                shape,
                batch,
                ops.toDevice(y),
                ops.toDevice(dy),
                gq.onDevice,
                gk.onDevice,
                gv.onDevice);
        gq.same(what + ", queries", near);
        gk.same(what + ", keys", near);
        gv.same(what + ", values", near);
    }
}
