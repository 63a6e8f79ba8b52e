package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** Every op on a device beside the processor's, on random shapes. */
abstract class CudaOpsParity {
    private final Arena arena = Arena.ofShared();
    private final CpuOps cpu = new CpuOps(new Workspace());
    private Gpu gpu;
    private DevicePool memory;
    private CudaWeights weights;
    private CudaOps ops;

    /** The device, which the test closes. */
    abstract Gpu open();

    @BeforeEach
    void openDevice() {
        gpu = open();
        memory = new DevicePool(gpu);
        weights = new CudaWeights(memory);
        ops = new CudaOps(memory, weights, 16, 8);
    }

    @AfterEach
    void closeDevice() {
        if (gpu != null) {
            ops.close();
            weights.close();
            gpu.close();
        }
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void normRotationAndElementwiseOps(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 1 + random.nextInt(9);
        int width = 2 * (1 + random.nextInt(150));
        Tensor a = random(random, rows, 3 * width);
        Tensor b = random(random, rows, 3 * width);
        Tensor da = ops.toDevice(a);
        Tensor db = ops.toDevice(b);
        Tensor weight = random(random, width);
        same(seed, ops.rmsNorm(da, weight, 1e-5f), cpu.rmsNorm(a, weight, 1e-5f), 1e-5);
        same(seed, ops.add(da, db), cpu.add(a, b), 0);
        Ops.Sum sum = ops.addNorm(da, db, weight, 1e-5f);
        same(seed, sum.sum(), cpu.add(a, b), 0);
        same(seed, sum.norm(), cpu.addNorm(a, b, weight, 1e-5f).norm(), 1e-5);
        same(seed, ops.scale(da, 0.3f), cpu.scale(a, 0.3f), 0);
        same(seed, ops.softCap(da, 1.5f), cpu.softCap(a, 1.5f), 1e-5);
        same(seed, ops.swiglu(da, db), cpu.swiglu(a, b), 1e-5);
        for (Ops.Gelu form : Ops.Gelu.values()) {
            same(seed, ops.gelu(da, form), cpu.gelu(a, form), 1e-5);
            same(seed, ops.geglu(da, db, form), cpu.geglu(a, b, form), 1e-5);
        }
        Tensor bias = random(random, width);
        same(seed, ops.layerNorm(da, weight, bias, 1e-5f), cpu.layerNorm(a, weight, bias, 1e-5f), 1e-4);
        same(seed, ops.layerNorm(da, weight, null, 1e-5f), cpu.layerNorm(a, weight, null, 1e-5f), 1e-4);
        int first = 1 + random.nextInt(rows);
        List<Batch.Span> spans = first == rows
                ? List.of(new Batch.Span(0, rows))
                : List.of(new Batch.Span(0, first), new Batch.Span(first, rows - first));
        same(seed, ops.means(da, spans), cpu.means(a, spans), 1e-5);
        int[] picked = random.ints(5, 0, rows).toArray();
        same(seed, ops.rows(da, picked), cpu.rows(a, picked), 0);
        int[] positions = random.ints(rows, 0, 50).toArray();
        RopeTable table = new RopeTable(RopeTable.frequencies(width, 10_000), 50);
        same(seed, ops.rope(da, positions, table), cpu.rope(a, positions, table), 1e-6);
        RopeTable partial = new RopeTable(width, RopeTable.frequencies(2 * (1 + width / 5), 10_000), 50, 1.2);
        same(seed, ops.rope(da, positions, partial), cpu.rope(a, positions, partial), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void additionsOfWhicheverPartEachRowGoesThrough(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 1 + random.nextInt(30);
        int in = 1 + random.nextInt(200);
        int out = 1 + random.nextInt(300);
        List<LowRank> parts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int rank = 1 + random.nextInt(40);
            Tensor a = random(random, rank, in);
            parts.add(i == 1 ? null : new LowRank(a, random(random, out, rank), random.nextFloat()));
        }
        Tensor x = random(random, rows, in);
        Tensor y = random(random, rows, out);
        // In runs and mixed; some rows go through nothing, some through a part that leaves this layer as it is.
        int[] chosen = new int[rows];
        for (int row = 0; row < rows; row++) {
            chosen[row] = row > 0 && random.nextBoolean() ? chosen[row - 1] : random.nextInt(-1, 3);
        }
        Tensor device = ops.toDevice(y);
        ops.addLowRank(ops.toDevice(x), device, chosen, parts);
        Tensor expected = Tensor.of(arena, y.toArray(), rows, out);
        for (int row = 0; row < rows; row++) {
            LowRank part = chosen[row] < 0 ? null : parts.get(chosen[row]);
            if (part != null) {
                Tensor low = cpu.linear(x.slice(row, 1), part.a(), null);
                Tensor more = cpu.scale(cpu.linear(low, part.b(), null), part.scale());
                float[] sum = cpu.add(y.slice(row, 1), more).toArray();
                expected.slice(row, 1).copyFrom(sum);
            }
        }
        same(seed, device, expected, 1e-5);
        ops.lowRankChanged();
    }

    @ParameterizedTest
    @EnumSource
    void linearAndEmbeddingOfEveryFormat(DType dtype) {
        for (long seed = 1; seed <= 6; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int k = dtype.blockElements() > 1
                    ? dtype.blockElements() * (1 + random.nextInt(3))
                    : 1 + random.nextInt(200);
            int n = 1 + random.nextInt(40);
            Tensor weight = stored(random, dtype, n, k);
            if (dtype == DType.F8_E4M3 && seed % 2 == 0) {
                int side = seed == 2 ? 16 : 5;
                Tensor factors = random(random, Math.ceilDiv(n, side), Math.ceilDiv(k, side));
                weight = weight.scaled(new Scales(factors, side, side));
            }
            Tensor decoded = Tensor.of(arena, weight.toArray(), n, k);
            int[] ids = random.ints(4, 0, n).toArray();
            same(seed, ops.embedding(weight, ids), cpu.embedding(weight, ids), 0);
            Tensor bias = seed % 2 == 0 ? random(random, n) : null;
            int few = 1 + random.nextInt(8);
            Tensor x = random(random, few, k);
            same(seed, ops.linear(ops.toDevice(x), weight, bias), cpu.linear(x, decoded, bias), 1e-5);
            Tensor many = random(random, 9 + random.nextInt(30), k);
            // A device may multiply eight bits as they are, for which the input is rounded to eight bits too.
            double tolerance = dtype == DType.F32 ? 1e-5 : dtype == DType.F8_E4M3 ? 8e-2 : 2e-2;
            same(seed, ops.linear(ops.toDevice(many), weight, bias), cpu.linear(many, decoded, bias), tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void attentionOverPagesHoweverSequencesAreCut(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        DType[] formats = {DType.F32, DType.BF16, DType.F16, DType.F8_E4M3, DType.Q8};
        DType dtype = formats[(int) (seed % formats.length)];
        Attention attention = attention(random, true);
        Ops.Heads heads = attention.heads();
        int sequences = 1 + random.nextInt(3);
        int pages = 40;
        int[] free = shuffled(random, pages);
        int taken = 0;
        int[] lengths = new int[sequences];
        int[][] tables = new int[sequences][];
        for (int s = 0; s < sequences; s++) {
            lengths[s] = 0;
            tables[s] = Arrays.copyOfRange(free, taken, taken += 8);
        }
        try (KvPool pool = new KvPool(pages, 2, heads.kv(), heads.size(), dtype);
                CudaKvCache cache = new CudaKvCache(memory, pages, 2, heads, dtype)) {
            for (int pass = 0; pass < 4; pass++) {
                List<Batch.Span> spans = new ArrayList<>();
                int rows = 0;
                for (int s = 0; s < sequences; s++) {
                    int more = pass > 0 && random.nextBoolean() ? 1 : 1 + random.nextInt(60);
                    spans.add(new Batch.Span(rows, more, lengths[s], tables[s], null));
                    rows += more;
                    lengths[s] += more;
                }
                Tensor q = random(random, rows, heads.count() * heads.size());
                Tensor k = random(random, rows, heads.kv() * heads.size());
                Tensor v = random(random, rows, heads.kv() * heads.size());
                int[] tokens = new int[rows];
                Batch there = Batch.of(tokens, spans, cache);
                ops.begin(there, new int[0], new int[0]);
                Tensor y = ops.attention(ops.toDevice(q), ops.toDevice(k), ops.toDevice(v), attention, 1, there);
                Tensor expected = cpu.attention(q, k, v, attention, 1, Batch.of(tokens, spans, pool));
                // The processor's eight-bit floats have a scale per block, the device's have none; and tensor cores
                // round what they multiply to BF16.
                boolean rounded = dtype != DType.F32 && heads.size() % 8 == 0;
                same(seed, y, expected, dtype == DType.F8_E4M3 ? 0.12 : rounded ? 1.5e-2 : 2e-4);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void attentionOverWholeSequences(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Attention attention = attention(random, random.nextBoolean());
        Ops.Heads heads = attention.heads();
        int first = 1 + random.nextInt(100);
        int rows = first + 1 + random.nextInt(40);
        Batch batch = new Batch(
                new int[rows], new int[rows], List.of(new Batch.Span(0, first), new Batch.Span(first, rows - first)));
        Tensor q = random(random, rows, heads.count() * heads.size());
        Tensor k = random(random, rows, heads.kv() * heads.size());
        Tensor v = random(random, rows, heads.kv() * heads.size());
        Tensor y = ops.attention(ops.toDevice(q), ops.toDevice(k), ops.toDevice(v), attention, 0, batch);
        same(seed, y, cpu.attention(q, k, v, attention, 0, batch), 1e-4);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void mixtureOfFewAndOfManyRows(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int width = 8 * (1 + random.nextInt(4));
        int inner = 1 + random.nextInt(30);
        int count = 2 + random.nextInt(40);
        int top = 1 + random.nextInt(Math.min(count, 5));
        Tensor router = random(random, count, width);
        List<Ops.Expert> experts = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            experts.add(new Ops.Expert(
                    random(random, inner, width), random(random, inner, width), random(random, width, inner)));
        }
        for (int rows : new int[] {1 + random.nextInt(6), 70}) {
            Tensor x = random(random, rows, width);
            same(
                    seed,
                    ops.mixture(ops.toDevice(x), router, experts, top, seed % 2 == 0),
                    cpu.mixture(x, router, experts, top, seed % 2 == 0),
                    1e-4);
        }
    }

    private static Attention attention(SplittableRandom random, boolean causal) {
        int kv = 1 + random.nextInt(3);
        int[] sizes = {2, 8, 34, 64, 80, 128, 256};
        int size = sizes[random.nextInt(sizes.length)];
        Ops.Heads heads = new Ops.Heads(kv * (1 + random.nextInt(10)), kv, size);
        int window = random.nextBoolean() ? 0 : 1 + random.nextInt(70);
        float cap = random.nextBoolean() ? 0 : 2;
        return new Attention(heads, 1 / (float) Math.sqrt(size), window, cap, causal);
    }

    private static int[] shuffled(SplittableRandom random, int count) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            values[i] = values[j];
            values[j] = i;
        }
        return values;
    }

    private Tensor random(SplittableRandom random, int... shape) {
        Tensor tensor = Tensor.zeros(arena, shape);
        float[] values = tensor.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        tensor.copyFrom(values);
        return tensor;
    }

    /** Random bytes, with scales that keep values near one. */
    private Tensor stored(SplittableRandom random, DType dtype, int rows, int cols) {
        long elements = (long) rows * cols;
        MemorySegment data = arena.allocate(dtype.bytes(elements), 64);
        for (long i = 0; i < data.byteSize(); i++) {
            Memory.i8(data.address() + i, (byte) random.nextInt());
        }
        for (long i = 0; i < elements / dtype.blockElements(); i++) {
            long block = data.address() + i * dtype.blockBytes();
            short small = Float.floatToFloat16((1 + random.nextInt(8)) / 512f);
            switch (dtype) {
                case F32 -> Memory.f32(block, (float) random.nextGaussian());
                case I32 ->
                    Memory.ALL.set(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, block, random.nextInt(-9, 9));
                case F16 -> Memory.i16(block, Float.floatToFloat16((float) random.nextGaussian()));
                case BF16 -> Memory.i16(block, Memory.toBf16((float) random.nextGaussian()));
                case F8_E4M3 ->
                    Memory.i8(block, org.medley.runtime.tensor.Float8.toE4m3((float) random.nextGaussian()));
                case F8_E5M2 -> Memory.i8(block, (byte) (Float.floatToFloat16((float) random.nextGaussian()) >> 8));
                case Q8, Q4_0 -> Memory.i16(block, small);
                case Q4_K, Q5_K -> {
                    Memory.i16(block, small);
                    Memory.i16(block + 2, small);
                }
                case Q6_K -> Memory.i16(block + 208, small);
                case I8 -> {}
            }
        }
        return new Tensor(dtype, new int[] {rows, cols}, data);
    }

    private void same(long seed, Tensor device, Tensor expected, double tolerance) {
        float[] got = new float[Math.toIntExact(device.size())];
        try (Arena host = Arena.ofConfined()) {
            Tensor copy = Tensor.zeros(host, device.shape());
            ops.toHost(device, copy.address());
            got = copy.toArray();
        }
        float[] wanted = expected.toArray();
        assertThat(got).hasSameSizeAs(wanted);
        double size = 1;
        for (float value : wanted) {
            size = Math.max(size, Math.abs(value));
        }
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs((double) got[i] - wanted[i]) <= tolerance * size)
                    .as("seed %d, element %d: %s, expected %s", seed, i, got[i], wanted[i])
                    .isTrue();
        }
    }
}
