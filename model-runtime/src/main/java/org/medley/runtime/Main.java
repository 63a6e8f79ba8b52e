package org.medley.runtime;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.medley.runtime.bench.BenchCommand;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.hub.HubException;
import org.medley.runtime.hub.ModelStore;
import org.medley.runtime.hub.ModelsCommand;
import org.medley.runtime.quantize.QuantizeCommand;
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
        subcommands = {ModelsCommand.class, Main.Chat.class, QuantizeCommand.class, BenchCommand.class},
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
            try (Engine engine = new Engine(model, model(model), EngineOptions.DEFAULT, EngineObserver.NONE)) {
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
                    SamplingParams params = SamplingParams.builder()
                            .temperature(temperature)
                            .seed(System.nanoTime())
                            .maxTokens(maxTokens)
                            .build();
                    Printer printer = new Printer(answer);
                    engine.submit(prompt, params, printer);
                    printer.ended.get();
                    System.out.println();
                    turns.add(new ChatTemplate.Message("assistant", answer.toString()));
                }
            }
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
        public void text(String piece, List<Chosen> tokens) {
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
