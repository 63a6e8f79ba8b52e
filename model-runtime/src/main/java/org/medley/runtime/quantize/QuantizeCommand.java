package org.medley.runtime.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.medley.runtime.hub.ModelStore;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.ModelSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a model smaller and says what that costs. */
@Command(
        name = "quantize",
        mixinStandardHelpOptions = true,
        description = "Writes a model with smaller weights beside it, and measures both on a text.")
public final class QuantizeCommand implements Callable<Integer> {
    /** Tokens that are enough to see which columns matter. */
    private static final int CALIBRATION_TOKENS = 4096;

    @Parameters(paramLabel = "MODEL", description = "name in the data folder, or path of a model folder or .gguf")
    private String model;

    @Option(names = "--to", required = true, description = "q8, q4 or fp8")
    private String to;

    @Option(names = "--name", description = "of the new model (default: MODEL-q4 and so on)")
    private String name;

    @Option(
            names = "--method",
            defaultValue = "auto",
            description =
                    "rtn rounds to nearest, awq looks at activations first; auto is awq for q4 where a text is given")
    private String method;

    @Option(names = "--text", description = "a text in the model's field, to measure on; its first half calibrates awq")
    private Path text;

    @Option(
            names = "--window",
            defaultValue = "256",
            description = "tokens of a window to measure in (${DEFAULT-VALUE})")
    private int window;

    @Option(names = "--gguf", paramLabel = "FILE", description = "also write the result as a GGUF file (q8, q4)")
    private Path gguf;

    @Option(
            names = "--data",
            description = "folder with models/ (default: ${DEFAULT-VALUE})",
            defaultValue = "${sys:user.home}/.medley")
    private Path data;

    @Override
    public Integer call() throws IOException {
        Scheme scheme = Scheme.of(to);
        ModelSource source = new ModelStore(data).open(model);
        if (gguf != null && scheme == Scheme.FP8) {
            throw new IllegalArgumentException("--gguf has no FP8; q8 and q4 are possible");
        }
        boolean aware = switch (method) {
            case "auto" -> scheme == Scheme.Q4 && text != null;
            case "awq" -> true;
            case "rtn" -> false;
            default ->
                throw new IllegalArgumentException("--method is '" + method + "'; auto, rtn and awq are possible");
        };
        if (aware && text == null) {
            throw new IllegalArgumentException("--method awq needs --text to see what the model pays attention to");
        }
        int[] tokens = text == null ? null : tokens(source);
        int half = tokens == null ? 0 : Math.min(tokens.length / 2, CALIBRATION_TOKENS);
        int[] measured = tokens == null ? null : Arrays.copyOfRange(tokens, half, tokens.length);
        Path target =
                data.resolve("models").resolve(name == null ? ModelSource.nameOf(source.path()) + "-" + to : name);
        Files.createDirectories(target.getParent());
        String how = new Quantizer(source, scheme).write(target, aware ? Arrays.copyOf(tokens, half) : null);
        ModelSource small = ModelSource.of(target);
        System.out.printf(
                Locale.ROOT,
                "%s: %.1f MB, before %.1f MB; %s%n",
                target,
                small.bytes() / 1e6,
                source.bytes() / 1e6,
                how);
        if (measured != null) {
            Perplexity.Result before = perplexity(source, measured);
            Perplexity.Result after = perplexity(small, measured);
            System.out.printf(
                    Locale.ROOT,
                    "perplexity %.4f, before %.4f (%+.2f%%), over %d tokens of %s%n",
                    after.perplexity(),
                    before.perplexity(),
                    100 * (after.perplexity() / before.perplexity() - 1),
                    after.tokens(),
                    text);
        }
        if (gguf != null) {
            GgufExport.write(small, gguf, null);
            System.out.printf(Locale.ROOT, "%s: %.1f MB%n", gguf, Files.size(gguf) / 1e6);
        }
        return 0;
    }

    private int[] tokens(ModelSource source) throws IOException {
        try (Tokenizer tokenizer = new Tokenizer(source)) {
            return tokenizer.encode(Files.readString(text));
        }
    }

    private Perplexity.Result perplexity(ModelSource source, int[] tokens) {
        try (Arena arena = Arena.ofShared()) {
            Network network = DecoderLoader.network(source, arena, window, null);
            boolean terminal = System.console() != null && System.console().isTerminal();
            Perplexity.Result result = Perplexity.of(network, tokens, window, done -> {
                if (terminal) {
                    System.err.printf(Locale.ROOT, "\rmeasuring %3.0f%%", 100 * done);
                }
            });
            if (terminal) {
                System.err.print("\r              \r");
            }
            return result;
        }
    }
}
