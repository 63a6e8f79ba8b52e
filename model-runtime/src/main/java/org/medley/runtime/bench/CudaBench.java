package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Product;
import org.medley.runtime.weights.Formats;

/** What a CUDA device copies and multiplies at most, and products of every weight format beside that. */
final class CudaBench {
    /**
     * @param copied bytes of a copy
     * @param side rows and columns of the largest product
     * @param rows of the weights
     * @param cols of the weights
     * @param copies of the weights, so many that they do not stay in the device's cache
     */
    record Sizes(long copied, int side, int rows, int cols, int copies, List<Integer> tokens) {
        static final Sizes FULL = new Sizes(1L << 30, 8192, 8192, 4096, 8, List.of(1, 4, 16, 128, 1024));
    }

    private final Gpu gpu;
    private final Sizes sizes;

    CudaBench(Gpu gpu, Sizes sizes) {
        this.gpu = gpu;
        this.sizes = sizes;
    }

    /** Bytes that it moves per second when it copies, those read and those written. */
    double copyBytes() {
        long from = gpu.allocate(sizes.copied);
        long to = gpu.allocate(sizes.copied);
        gpu.zero(from, sizes.copied);
        double best = Machine.best(() -> {
            int rounds = 8;
            for (int i = 0; i < rounds; i++) {
                gpu.copy(from, to, sizes.copied);
            }
            gpu.synchronize();
            return 2.0 * rounds * sizes.copied;
        });
        gpu.free(from);
        gpu.free(to);
        return best;
    }

    /** Multiply-adds per second of a large product in BF16. */
    double multiplyAdds() {
        int side = sizes.side;
        long bytes = 2L * side * side;
        long x = gpu.allocate(bytes);
        long weight = gpu.allocate(bytes);
        long out = gpu.allocate(2 * bytes);
        // All ones would take less power than numbers do, and a device clocks by its power.
        try (Arena arena = Arena.ofConfined()) {
            Tensor values = Formats.convert(random(arena, side, side), DType.BF16, arena);
            gpu.upload(values.address(), x, bytes);
            gpu.upload(values.address(), weight, bytes);
            gpu.synchronize();
        }
        Product product = new Product(side, side, side, Product.Element.BF16, side);
        double best = Machine.best(() -> {
            int rounds = 4;
            for (int i = 0; i < rounds; i++) {
                gpu.multiply(product, new Product.Operand(x, 0), new Product.Operand(weight, 0), out);
            }
            gpu.synchronize();
            return (double) rounds * side * side * side;
        });
        List.of(x, weight, out).forEach(gpu::free);
        return best;
    }

    void run(ObjectNode out) {
        double copied = copyBytes();
        double multiplied = multiplyAdds();
        System.out.printf(
                Locale.ROOT,
                "%s: copies at %.0f GB/s, multiplies BF16 at %.1f TMAC/s%n",
                gpu.properties().name(),
                copied / 1e9,
                multiplied / 1e12);
        out.put("device", gpu.properties().name())
                .put("copy_bytes_per_s", copied)
                .put("bf16_multiply_adds_per_s", multiplied);
        System.out.printf(
                Locale.ROOT,
                "%-8s %7s %12s %12s %14s %14s%n",
                "format",
                "tokens",
                "GMAC/s",
                "GB/s",
                "of the copy",
                "of BF16");
        var rows = out.putArray("products");
        try (Arena arena = Arena.ofShared()) {
            Tensor plain = random(arena, sizes.rows, sizes.cols);
            for (DType format : KernelBench.FORMATS) {
                format(plain, format, copied, multiplied, rows);
            }
        }
    }

    private void format(Tensor plain, DType format, double copied, double multiplied, ArrayNode out) {
        DevicePool pool = new DevicePool(gpu);
        try (Arena arena = Arena.ofShared();
                CudaWeights weights = new CudaWeights(pool);
                CudaOps ops = new CudaOps(pool, weights, 1, 1)) {
            Tensor stored = Formats.convert(plain, format, arena);
            List<Tensor> copies = new ArrayList<>();
            for (int i = 0; i < sizes.copies; i++) {
                copies.add(new Tensor(format, stored.shape(), stored.data()));
            }
            weights.add(copies);
            for (int tokens : sizes.tokens) {
                Tensor x = random(arena, tokens, sizes.cols);
                double products = Machine.best(() -> {
                    ops.begin(new Batch(new int[1], new int[1], List.of(new Batch.Span(0, 1))), new int[0], new int[0]);
                    Tensor there = ops.toDevice(x);
                    copies.forEach(weight -> ops.linear(there, weight, null));
                    gpu.synchronize();
                    return (double) copies.size() * tokens * plain.size();
                });
                double read = products / tokens / plain.size() * stored.data().byteSize();
                System.out.printf(
                        Locale.ROOT,
                        "%-8s %7d %12.1f %12.1f %13.0f%% %13.0f%%%n",
                        format.label(),
                        tokens,
                        products / 1e9,
                        read / 1e9,
                        100 * read / copied,
                        100 * products / multiplied);
                out.addObject()
                        .put("format", format.label())
                        .put("tokens", tokens)
                        .put("multiply_adds_per_s", products)
                        .put("bytes_per_s", read)
                        .put("share_of_copy", read / copied)
                        .put("share_of_bf16", products / multiplied);
            }
        }
    }

    private static Tensor random(Arena arena, int rows, int cols) {
        float[] values = new float[rows * cols];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextFloat() - 0.5f) * 0.07f;
        }
        return Tensor.of(arena, values, rows, cols);
    }
}
