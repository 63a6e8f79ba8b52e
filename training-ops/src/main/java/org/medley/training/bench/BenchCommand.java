package org.medley.training.bench;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures training on this machine. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures training on this machine.",
        subcommands = BenchCommand.Train.class)
public final class BenchCommand {
    @Command(
            name = "train",
            mixinStandardHelpOptions = true,
            description = "Steps of a decoder of ten million weights: tokens per second, and what each part takes.")
    static final class Train implements Callable<Integer> {
        @Option(names = "--steps", defaultValue = "20", description = "steps that are measured (${DEFAULT-VALUE})")
        int steps;

        @Override
        public Integer call() {
            Race.run(Shape.TEN_MILLION, steps, List.of());
            return 0;
        }
    }
}
