package org.medley.libtorch;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.medley.training.bench.Race;
import org.medley.training.bench.Shape;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the benchmark's model with Medley and with libtorch, in turn. */
@Command(name = "bench train --beside-libtorch", mixinStandardHelpOptions = true)
public final class BesideLibtorch implements Callable<Integer> {
    @Option(names = "--steps", defaultValue = "20", description = "steps of each that are measured (${DEFAULT-VALUE})")
    int steps;

    private BesideLibtorch() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new BesideLibtorch()).execute(args));
    }

    @Override
    public Integer call() {
        Race.run(Shape.TEN_MILLION, steps, List.of(Libtorch::new));
        System.out.printf(
                Locale.ROOT, "%nlibtorch's matrix products at their best: %.0f GFLOP/s%n", ProductPeak.measure() / 1e9);
        return 0;
    }
}
