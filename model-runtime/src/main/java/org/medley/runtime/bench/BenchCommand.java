package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.medley.runtime.engine.Device;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.Runner;
import org.medley.runtime.hub.ModelStore;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.weights.ModelSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures the runtime on this machine. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures the runtime on this machine.",
        footer = {"", "`medley bench train` measures training; `medley bench train --help` tells its options."},
        subcommands = {
            BenchCommand.Serve.class,
            BenchCommand.Http.class,
            BenchCommand.Kernels.class,
            BenchCommand.Model.class
        })
public final class BenchCommand {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What every measurement prints and may write. */
    private abstract static class Measurement implements Callable<Integer> {
        @Option(names = "--json", paramLabel = "FILE", description = "also write the figures as JSON")
        Path json;

        @Override
        public final Integer call() throws Exception {
            Machine.Limits limits = Machine.measure();
            System.out.printf(
                    Locale.ROOT,
                    "%d threads, vectors of %d bits, memory read at %.1f GB/s by all, %.1f GB/s by one%n",
                    limits.threads(),
                    limits.vectorBits(),
                    limits.readBytes() / 1e9,
                    limits.readBytesOneThread() / 1e9);
            ObjectNode out = JSON.createObjectNode();
            out.put("at", Instant.now().toString())
                    .put("jvm", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                    .put("threads", limits.threads())
                    .put("vector_bits", limits.vectorBits())
                    .put("read_bytes_per_s", limits.readBytes())
                    .put("read_bytes_per_s_one_thread", limits.readBytesOneThread());
            measure(limits, out);
            if (json != null) {
                JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), out);
            }
            return 0;
        }

        abstract void measure(Machine.Limits limits, ObjectNode out) throws Exception;
    }

    /** What is measured: the processor, or a CUDA device by its number. */
    private static final class DeviceConverter implements ITypeConverter<Device> {
        @Override
        public Device convert(String name) {
            return Device.of(name);
        }
    }

    @Command(
            name = "serve",
            mixinStandardHelpOptions = true,
            description = "A model's engine: alone, then with many users whose requests arrive by chance.")
    static final class Serve extends Measurement {
        @Parameters(paramLabel = "MODEL", description = "name in the data folder, or path of a model folder or .gguf")
        String model;

        @Option(
                names = "--data",
                description = "folder with models/ (default: ${DEFAULT-VALUE})",
                defaultValue = "${sys:user.home}/.medley")
        Path data;

        @Option(names = "--prompt", defaultValue = "256", description = "tokens of each prompt (${DEFAULT-VALUE})")
        int prompt;

        @Option(names = "--generate", defaultValue = "64", description = "tokens of each answer (${DEFAULT-VALUE})")
        int generate;

        @Option(names = "--users", split = ",", description = "how many at once (1,4,16,64)")
        List<Integer> users = List.of(1, 4, 16, 64);

        @Option(names = "--schema", paramLabel = "FILE", description = "also measure answers held to this JSON schema")
        Path schema;

        @Option(names = "--alone", description = "one request at a time only")
        boolean alone;

        @Option(names = "--format", description = "F32, BF16, Q8 or Q4_0 instead of as stored")
        DType format;

        @Option(names = "--cache", description = "F32, F16, BF16, F8_E4M3 or Q8 for keys and values (the device's own)")
        DType cache;

        @Option(names = "--drafts", defaultValue = "0", description = "tokens guessed ahead")
        int drafts;

        @Option(
                names = "--device",
                defaultValue = "cpu",
                converter = DeviceConverter.class,
                description = "cpu, cuda, cuda:n or auto (${DEFAULT-VALUE})")
        Device device;

        @Option(names = "--draft-model", description = "a smaller model with the same tokenizer that guesses")
        Path draft;

        @Override
        void measure(Machine.Limits limits, ObjectNode out) throws Exception {
            ModelSource source =
                    model.contains("/") ? ModelSource.of(Path.of(model)) : new ModelStore(data).open(model);
            EngineOptions options = EngineOptions.DEFAULT
                    .withContext(prompt + generate + 1)
                    .withFormat(format)
                    .withDrafts(drafts, draft == null ? null : ModelSource.of(draft))
                    .withCache(cache, 2L << 30)
                    .withDevice(device);
            double readBytes = limits.readBytes();
            Optional<Gpu> open = device.open();
            if (open.isPresent()) {
                try (Gpu gpu = open.get()) {
                    readBytes = new CudaBench(gpu, CudaBench.Sizes.FULL).copyBytes();
                }
            }
            ServeBench.Times times = new ServeBench.Times();
            try (Engine engine = new Engine(model, source, options, times)) {
                System.out.println("on " + engine.device());
                out.put("device", engine.device());
                ServeBench bench = new ServeBench(engine, times, prompt, generate);
                bench.alone(readBytes, out);
                if (schema != null) {
                    bench.constrained(Files.readString(schema), out);
                }
                var rows = out.putArray("users");
                for (int count : alone ? List.<Integer>of() : users) {
                    bench.users(count, rows);
                }
            }
        }
    }

    @Command(
            name = "http",
            mixinStandardHelpOptions = true,
            description = "A server by its API: so many streams at once for so long, each checked to be whole.")
    static final class Http implements Callable<Integer> {
        @Parameters(paramLabel = "MODEL", description = "as the server knows it")
        String model;

        @Option(names = "--url", defaultValue = "http://127.0.0.1:8080", description = "the server (${DEFAULT-VALUE})")
        URI url;

        @Option(names = "--key", defaultValue = "${env:MEDLEY_KEY:-none}", description = "bearer key (or MEDLEY_KEY)")
        String key;

        @Option(names = "--users", defaultValue = "64", description = "streams at once (${DEFAULT-VALUE})")
        int users;

        @Option(names = "--seconds", defaultValue = "60", description = "for how long (${DEFAULT-VALUE})")
        int seconds;

        @Option(names = "--generate", defaultValue = "64", description = "tokens of each answer (${DEFAULT-VALUE})")
        int generate;

        @Option(names = "--json", paramLabel = "FILE", description = "also write the figures as JSON")
        Path json;

        @Override
        public Integer call() throws Exception {
            ObjectNode out = JSON.createObjectNode();
            boolean whole = new HttpBench(url, key, model, generate).run(users, seconds, out);
            if (json != null) {
                JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), out);
            }
            return whole ? 0 : 1;
        }
    }

    @Command(
            name = "kernels",
            mixinStandardHelpOptions = true,
            description = "Matrix products of every weight format beside what memory delivers.")
    static final class Kernels extends Measurement {
        @Option(
                names = "--device",
                defaultValue = "cpu",
                converter = DeviceConverter.class,
                description = "cpu, cuda, cuda:n or auto (${DEFAULT-VALUE})")
        Device device;

        @Override
        void measure(Machine.Limits limits, ObjectNode out) {
            Optional<Gpu> open = device.open();
            if (open.isPresent()) {
                try (Gpu gpu = open.get()) {
                    new CudaBench(gpu, CudaBench.Sizes.FULL).run(out);
                }
                return;
            }
            System.out.println("on " + Runner.PROCESSOR);
            out.put("device", Runner.PROCESSOR);
            KernelBench.run(limits, out.putArray("products"));
        }
    }

    @Command(
            name = "model",
            mixinStandardHelpOptions = true,
            description = "Writes a model of a well-known shape with random weights, to be measured.")
    static final class Model implements Callable<Integer> {
        @Parameters(paramLabel = "FOLDER")
        Path folder;

        @Option(names = "--shape", defaultValue = "LLAMA_3_2_1B", description = "${COMPLETION-CANDIDATES}")
        RandomModel.Shape shape;

        @Option(names = "--format", defaultValue = "Q8", description = "F32, F16, BF16, Q8 or Q4_0 (${DEFAULT-VALUE})")
        DType format;

        @Override
        public Integer call() throws IOException {
            RandomModel.write(folder, shape, format, 1);
            System.out.println(folder);
            return 0;
        }
    }
}
