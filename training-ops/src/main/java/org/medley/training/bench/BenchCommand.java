package org.medley.training.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.medley.training.precision.Precision;
import org.medley.training.recipe.TrainRecipe;
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
            description =
                    "Steps of a decoder: tokens per second, on the processor with what each part takes, on a GPU with"
                            + " the share of its products' peak and the memory.")
    static final class Train implements Callable<Integer> {
        @Option(names = "--steps", defaultValue = "20", description = "steps that are measured (${DEFAULT-VALUE})")
        int steps;

        @Option(
                names = "--device",
                defaultValue = "cpu",
                description = "cpu: ten million weights in F32; gpu: decoders of several widths (${DEFAULT-VALUE})")
        TrainRecipe.Device device;

        @Option(names = "--hidden", split = ",", description = "widths of the decoders on a GPU (1024,2048,4096)")
        List<Integer> hidden = List.of(1024, 2048, 4096);

        @Option(names = "--format", split = ",", description = "precisions on a GPU (bf16,fp8_block)")
        List<Precision.Kind> formats = List.of(Precision.Kind.bf16, Precision.Kind.fp8_block);

        @Option(
                names = "--torch",
                paramLabel = "PYTHON",
                description = "a Python that has PyTorch: it trains the same models beside, as they are and compiled")
        Path torch;

        @Override
        public Integer call() throws IOException {
            if (device == TrainRecipe.Device.gpu) {
                new GpuBench(hidden, formats, steps, torch).run();
                return 0;
            }
            Race.run(Shape.TEN_MILLION, steps, List.of());
            return 0;
        }
    }
}
