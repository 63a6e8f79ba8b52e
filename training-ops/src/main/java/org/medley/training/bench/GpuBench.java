package org.medley.training.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;
import org.medley.training.data.Packed;
import org.medley.training.precision.Precision;

/**
 * Steps of Llama-shaped decoders of several widths on a GPU: forward, loss, backward, clipping, AdamW. Shares of the peak
 * are of what the device was measured to multiply in BF16 just before, whatever the precision.
 *
 * @param torch a Python with PyTorch that trains the same beside, or null
 */
record GpuBench(List<Integer> widths, List<Precision.Kind> formats, int steps, Path torch) {
    private static final int WARM_UP = 4;
    private static final int VOCABULARY = 32_768;
    private static final int SEQUENCE = 2048;
    private static final int SEQUENCES = 2;
    private static final int HEAD = 128;
    private static final int SHARED = 4;
    private static final long SEED = 1;

    /** About eight thirds as wide inside, in whole tiles; fewer layers the wider they are, so that all fit. */
    static Shape shape(int hidden) {
        if (hidden % (HEAD * SHARED) != 0) {
            throw new IllegalArgumentException("a width of " + hidden + " is no multiple of " + HEAD * SHARED);
        }
        int inside = Math.ceilDiv(8 * hidden / 3, 256) * 256;
        int layers = Math.clamp(16_384 / hidden, 2, 16);
        int heads = hidden / HEAD;
        return new Shape(VOCABULARY, hidden, inside, layers, heads, heads / SHARED, HEAD, SEQUENCE, SEQUENCES);
    }

    void run() throws IOException {
        double peak;
        try (Gpu gpu = CudaGpu.open(0)) {
            peak = ProductPeak.bf16(gpu);
            System.out.printf(
                    Locale.ROOT,
                    "%s; products of BF16 at %.0f TFLOP/s, of E4M3 in tiles at %s%n",
                    gpu.properties().name(),
                    peak / 1e12,
                    ProductPeak.tiled(gpu).stream()
                            .mapToObj(tiled -> String.format(Locale.ROOT, "%.0f TFLOP/s", tiled / 1e12))
                            .findFirst()
                            .orElse("none, it does not multiply them"));
        }
        System.out.printf(
                Locale.ROOT,
                "%n%-18s %8s %12s %12s %9s %7s %10s %8s%n",
                "trained by",
                "width",
                "weights",
                "tokens/s",
                "TFLOP/s",
                "MFU",
                "memory",
                "loss");
        for (int width : widths) {
            Shape shape = shape(width);
            for (Precision.Kind format : formats) {
                measure(shape, format, peak);
            }
            if (torch != null) {
                for (boolean compiled : new boolean[] {false, true}) {
                    Torch.Measured found = Torch.measure(torch, shape, WARM_UP, steps, compiled);
                    String by = compiled ? "torch, compiled" : "torch";
                    print(by, shape, peak, found.secondsPerStep(), found.bytes(), found.loss());
                }
            }
        }
    }

    private void measure(Shape shape, Precision.Kind format, double peak) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Double> seconds = new ArrayList<>();
        double loss = 0;
        try (GpuStudent student =
                new GpuStudent(CudaGpu.open(0), shape, new Precision(format, Precision.Scales.power_of_two, 1), SEED)) {
            for (int step = 0; step < WARM_UP + steps; step++) {
                Packed data = shape.data(random);
                long began = System.nanoTime();
                loss = student.step(data);
                if (step >= WARM_UP) {
                    seconds.add((System.nanoTime() - began) / 1e9);
                }
            }
            Collections.sort(seconds);
            print("Medley, " + format, shape, peak, seconds.get(seconds.size() / 2), student.bytes(), loss);
        }
    }

    private static void print(String by, Shape shape, double peak, double seconds, long bytes, double loss) {
        double rate = shape.tokens() / seconds;
        double operations = rate * shape.operationsPerToken();
        System.out.printf(
                Locale.ROOT,
                "%-18s %8d %,12d %,12.0f %9.0f %6.1f%% %7.1f GB %8.4f%n",
                by,
                shape.hidden(),
                shape.weights(),
                rate,
                operations / 1e12,
                100 * operations / peak,
                bytes / 1e9,
                loss);
    }
}
