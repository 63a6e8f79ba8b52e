package org.medley.runtime.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.medley.runtime.network.ModelSummary;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.ModelSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.ScopeType;

/** The models in the data folder: brought in, listed, written for others, removed. */
@Command(
        name = "models",
        subcommands = {
            ModelsCommand.Show.class,
            ModelsCommand.Pull.class,
            ModelsCommand.Import.class,
            ModelsCommand.Export.class,
            ModelsCommand.Remove.class
        },
        mixinStandardHelpOptions = true,
        description = "Lists the models in the data folder, brings in others, removes them.")
public final class ModelsCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            scope = ScopeType.INHERIT,
            description = "folder with models/ (default: ${DEFAULT-VALUE})",
            defaultValue = "${sys:user.home}/.medley")
    Path data;

    private ModelStore store() {
        return new ModelStore(data);
    }

    private Acquisition acquisition(double maxGigabytes, EmbeddingSettings.Pooling pooling) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        return new Acquisition(
                store(), System.err, terminal, (long) (maxGigabytes * 1e9), Download.Patience.USUAL, pooling);
    }

    /** Without a subcommand, lists. */
    @Override
    public Integer call() {
        return list(false);
    }

    private int list(boolean hashes) {
        List<Path> models = store().list();
        if (models.isEmpty()) {
            System.out.println("no models in " + data.resolve("models"));
        }
        models.forEach(path -> System.out.println(line(path, hashes)));
        return 0;
    }

    private static String line(Path path, boolean hashes) {
        String name = ModelSource.nameOf(path);
        try {
            ModelSource model = ModelSource.of(path);
            ModelSummary summary = ModelSummary.of(model);
            return String.format(
                    Locale.ROOT,
                    "%-32s %-18s %3d layers × %-5d %8.1f MB%s",
                    name,
                    summary.architecture().replaceFirst("(Model|For[A-Z].*)$", ""),
                    summary.layers(),
                    summary.hidden(),
                    model.bytes() / 1e6,
                    hashes ? "  sha256 " + model.sha256().substring(0, 12) : "");
        } catch (BadModelException e) {
            return String.format(Locale.ROOT, "%-32s cannot be used: %s", name, e.getMessage());
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the models.")
    static final class Show implements Callable<Integer> {
        @ParentCommand
        ModelsCommand models;

        @Option(names = "--sha256", description = "with the hash a version is known by, which reads every file")
        boolean hashes;

        @Override
        public Integer call() {
            return models.list(hashes);
        }
    }

    @Command(
            name = "pull",
            mixinStandardHelpOptions = true,
            description =
                    "Fetches a model from a hub; the environment's HF_TOKEN is its key. Goes on where it was cut.")
    static final class Pull implements Callable<Integer> {
        @ParentCommand
        ModelsCommand models;

        @Parameters(paramLabel = "ORG/NAME")
        String address;

        @Option(names = "--revision", defaultValue = "main", description = "branch, tag or commit")
        String revision;

        @Option(
                names = "--hub",
                description = "the hub's address (default: the environment's MEDLEY_HUB, or " + HubClient.DEFAULT + ")")
        String hub;

        @Option(names = "--file", description = "the GGUF file to fetch of several")
        String file;

        @Option(names = "--name", description = "what to call it (default: NAME)")
        String name;

        @Option(
                names = "--pooling",
                description =
                        "how an encoder makes a text's vector, where its files do not tell: ${COMPLETION-CANDIDATES}")
        EmbeddingSettings.Pooling pooling;

        @Option(names = "--max-gb", defaultValue = "500", description = "largest model to fetch")
        double most;

        @Override
        public Integer call() throws IOException {
            String at = Optional.ofNullable(hub)
                    .or(() -> Optional.ofNullable(System.getenv("MEDLEY_HUB")))
                    .orElse(HubClient.DEFAULT);
            Repository repository = Repository.of(address, revision);
            try (HubClient client = new HubClient(at, System.getenv("HF_TOKEN"))) {
                String called = name == null ? repository.name() : name;
                System.out.println(models.acquisition(most, pooling).pull(client, repository, file, called));
            }
            return 0;
        }
    }

    @Command(
            name = "import",
            mixinStandardHelpOptions = true,
            description = "Copies a Hugging Face folder or a GGUF file into the data folder.")
    static final class Import implements Callable<Integer> {
        @ParentCommand
        ModelsCommand models;

        @Parameters(paramLabel = "DIR|FILE")
        Path source;

        @Option(
                names = "--pooling",
                description =
                        "how an encoder makes a text's vector, where its files do not tell: ${COMPLETION-CANDIDATES}")
        EmbeddingSettings.Pooling pooling;

        @Option(names = "--name", description = "what to call it (default: as it is called)")
        String name;

        @Override
        public Integer call() throws IOException {
            Path whole = source.toAbsolutePath().normalize();
            String called = name == null ? ModelSource.nameOf(whole) : name;
            System.out.println(models.acquisition(1e9, pooling).copy(whole, called));
            return 0;
        }
    }

    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = "Writes a model as a GGUF file, which llama.cpp reads.")
    static final class Export implements Callable<Integer> {
        @ParentCommand
        ModelsCommand models;

        @Parameters(index = "0", paramLabel = "MODEL", description = "name in the data folder, or path")
        String model;

        @Parameters(index = "1", paramLabel = "FILE", description = "the file to write, ending in .gguf")
        Path target;

        @Option(names = "--format", defaultValue = "BF16", description = "F32, BF16, F16, Q8 or Q4_0 for matrices")
        DType format;

        @Override
        public Integer call() throws IOException {
            if (!target.toString().endsWith(".gguf")) {
                throw new IllegalArgumentException("'" + target + "' does not end in .gguf");
            }
            GgufExport.write(models.store().open(model), target, format);
            System.out.println(target);
            return 0;
        }
    }

    @Command(name = "rm", mixinStandardHelpOptions = true, description = "Removes a model from the data folder.")
    static final class Remove implements Callable<Integer> {
        @ParentCommand
        ModelsCommand models;

        @Parameters(paramLabel = "NAME")
        String name;

        @Override
        public Integer call() throws IOException {
            System.out.println("removed " + models.store().remove(name));
            return 0;
        }
    }
}
