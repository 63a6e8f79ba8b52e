package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.Formats;

/** Products of every weight format for one token, a few and many, beside what memory delivers. */
final class KernelBench {
    private static final int ROWS = 8192;
    private static final int COLS = 2048;
    /** More than any cache holds, so that weights come from memory as they do in a model. */
    private static final long FOOTPRINT = 300L << 20;

    static final List<DType> FORMATS = List.of(DType.F32, DType.BF16, DType.F16, DType.F8_E4M3, DType.Q8, DType.Q4_0);

    private KernelBench() {}

    static void run(Machine.Limits limits, ArrayNode out) {
        System.out.printf(
                Locale.ROOT, "%-8s %7s %12s %12s %18s%n", "format", "tokens", "GMAC/s", "GB/s", "of read bandwidth");
        try (Arena arena = Arena.ofShared()) {
            Tensor plain = Tensor.zeros(arena, ROWS, COLS);
            float[] values = new float[ROWS * COLS];
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < values.length; i++) {
                values[i] = (random.nextFloat() - 0.5f) * 0.07f;
            }
            plain.copyFrom(values);
            for (DType format : FORMATS) {
                format(plain, format, limits, out);
            }
        }
    }

    private static void format(Tensor plain, DType format, Machine.Limits limits, ArrayNode out) {
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            Tensor stored = Formats.convert(plain, format, arena);
            long bytes = format.bytes((long) ROWS * COLS);
            Tensor[] copies = new Tensor[(int) Math.max(2, FOOTPRINT / bytes)];
            for (int i = 0; i < copies.length; i++) {
                copies[i] = new Tensor(format, stored.shape(), stored.data());
            }
            CpuOps ops = new CpuOps(workspace, CpuWeights.of(List.of(copies), arena));
            for (int tokens : new int[] {1, 4, 16, 128}) {
                Tensor x = Tensor.zeros(arena, tokens, COLS);
                double products = Machine.best(() -> {
                    int passes = tokens > 16 ? 3 : copies.length;
                    for (int i = 0; i < passes; i++) {
                        workspace.reset();
                        ops.linear(x, copies[i % copies.length], null);
                    }
                    return (double) passes * tokens * ROWS * COLS;
                });
                double read = products / tokens / ROWS / COLS * bytes;
                System.out.printf(
                        Locale.ROOT,
                        "%-8s %7d %12.1f %12.1f %17.0f%%%n",
                        format.label(),
                        tokens,
                        products / 1e9,
                        read / 1e9,
                        100 * read / limits.readBytes());
                ObjectNode row = out.addObject();
                row.put("format", format.label())
                        .put("tokens", tokens)
                        .put("multiply_adds_per_s", products)
                        .put("bytes_per_s", read);
            }
        }
    }
}
