package org.medley.runtime;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.hub.HubException;
import org.medley.runtime.hub.ModelStore;
import org.medley.runtime.hub.ModelsCommand;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Models from the command line. */
@Command(
        name = "medley",
        subcommands = {ModelsCommand.class, Main.Chat.class, Main.Bench.class},
        mixinStandardHelpOptions = true)
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main())
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    if (e instanceof BadModelException
                            || e instanceof IllegalArgumentException
                            || e instanceof HubException) {
                        line.getErr().println(e.getMessage());
                        return 2;
                    }
                    throw e;
                })
                .execute(args));
    }

    /** Where models lie. */
    private abstract static class WithData implements Callable<Integer> {
        @Option(
                names = "--data",
                description = "folder with models/ (default: ${DEFAULT-VALUE})",
                defaultValue = "${sys:user.home}/.medley")
        Path data;

        ModelSource model(String name) {
            return new ModelStore(data).open(name);
        }
    }

    @Command(name = "chat", mixinStandardHelpOptions = true, description = "Talks with a model; an empty line ends.")
    static final class Chat extends WithData {
        @Parameters(paramLabel = "MODEL", description = "name in the data folder, or path of a model folder")
        String model;

        @Option(names = "--temperature", defaultValue = "0")
        float temperature;

        @Option(names = "--max-tokens", defaultValue = "512")
        int maxTokens;

        @Override
        public Integer call() throws Exception {
            try (Engine engine = new Engine(model, model(model), 4096, null, Engine.Limits.DEFAULT)) {
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                List<ChatTemplate.Message> turns = new ArrayList<>();
                while (true) {
                    System.out.print("> ");
                    String line = in.readLine();
                    if (line == null || line.isBlank()) {
                        return 0;
                    }
                    turns.add(new ChatTemplate.Message("user", line));
                    StringBuilder answer = new StringBuilder();
                    int[] prompt = engine.tokenizer().encode(engine.template().render(turns, true));
                    SamplingParams params =
                            new SamplingParams(temperature, 0, 1, 0, 1, 0, 0, System.nanoTime(), maxTokens, List.of());
                    Printer printer = new Printer(answer);
                    engine.submit(prompt, params, printer);
                    printer.ended.get();
                    System.out.println();
                    turns.add(new ChatTemplate.Message("assistant", answer.toString()));
                }
            }
        }
    }

    @Command(
            name = "bench",
            mixinStandardHelpOptions = true,
            description = "Measures prompt and generation speed of a model on this machine.")
    static final class Bench extends WithData {
        @Parameters(paramLabel = "MODEL", description = "name in the data folder, or path of a model folder")
        String model;

        @Option(names = "--prompt", defaultValue = "256", description = "tokens of the prompt")
        int prompt;

        @Option(names = "--generate", defaultValue = "64", description = "tokens to generate")
        int generate;

        @Option(names = "--format", description = "F32, BF16 or Q8 instead of as stored")
        DType format;

        @Override
        public Integer call() throws Exception {
            try (Engine engine = new Engine(model, model(model), prompt + generate, format, Engine.Limits.DEFAULT)) {
                int[] tokens = new int[prompt];
                java.util.Arrays.fill(tokens, engine.tokenizer().encode("a")[0]);
                for (int round = 0; round < 5; round++) {
                    double first = seconds(engine, tokens, 1);
                    double all = seconds(engine, tokens, generate);
                    System.out.printf(
                            Locale.ROOT,
                            "round %d: prompt %.0f tokens/s, generation %.0f tokens/s%n",
                            round + 1,
                            prompt / first,
                            (generate - 1) / Math.max(1e-9, all - first));
                }
            }
            return 0;
        }

        private static double seconds(Engine engine, int[] tokens, int count) throws Exception {
            long began = System.nanoTime();
            engine.complete(tokens, SamplingParams.greedy(count)).get();
            return (System.nanoTime() - began) / 1e9;
        }
    }

    /** Prints pieces as they come, and keeps them. */
    private static final class Printer implements TokenListener {
        private final StringBuilder answer;
        private final CompletableFuture<Usage> ended = new CompletableFuture<>();

        Printer(StringBuilder answer) {
            this.answer = answer;
        }

        @Override
        public void text(String piece) {
            answer.append(piece);
            System.out.print(piece);
            System.out.flush();
        }

        @Override
        public void end(FinishReason reason, Usage usage) {
            ended.complete(usage);
        }

        @Override
        public void failed(RuntimeException cause) {
            ended.completeExceptionally(cause);
        }
    }
}
