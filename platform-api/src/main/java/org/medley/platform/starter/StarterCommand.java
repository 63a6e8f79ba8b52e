package org.medley.platform.starter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.medley.platform.evidence.EvidenceLibrary;
import org.medley.platform.evidence.EvidenceSearch;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.KnowledgeLoader;
import org.medley.runtime.embed.BgeSmallEmbedder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Making and measuring the starter family. */
@Command(
        name = "medley starter",
        subcommands = {StarterCommand.Data.class, StarterCommand.Evaluate.class, StarterCommand.Sums.class},
        mixinStandardHelpOptions = true)
public final class StarterCommand {
    private StarterCommand() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new StarterCommand()).execute(args));
    }

    @Command(
            name = "data",
            mixinStandardHelpOptions = true,
            description = "Writes the datasets that the starter family is trained and measured on.")
    static final class Data implements Callable<Integer> {
        @Option(names = "--output", required = true, description = "folder of the JSONL files")
        Path output;

        @Option(names = "--reader", defaultValue = "2000", description = "chats per specialty with a ranking")
        int reader;

        @Option(names = "--specialist", defaultValue = "3200", description = "chats per specialty, half with a ranking")
        int specialist;

        @Option(names = "--prompts", defaultValue = "800", description = "prompts per specialty without an answer")
        int prompts;

        @Option(names = "--validation", defaultValue = "120", description = "chats per specialty to choose by")
        int validation;

        @Option(names = "--held-out", defaultValue = "186", description = "chats per specialty and kind to report on")
        int heldOut;

        @Option(names = "--seed", defaultValue = "20261121")
        long seed;

        @Override
        public Integer call() throws IOException {
            Knowledge knowledge = KnowledgeLoader.load();
            EvidenceLibrary library = new EvidenceLibrary(knowledge);
            try (EvidenceSearch search = new EvidenceSearch(
                    output.resolve(".index"), library, knowledge.version(), new BgeSmallEmbedder())) {
                new StarterData(knowledge, search)
                        .write(output, new StarterData.Sizes(reader, specialist, prompts, validation, heldOut), seed);
            }
            return 0;
        }
    }

    @Command(
            name = "sums",
            mixinStandardHelpOptions = true,
            description = "Writes datasets of sums, a task whose answers a program can judge.")
    static final class Sums implements Callable<Integer> {
        @Option(names = "--output", required = true, description = "folder of the JSONL files")
        Path output;

        @Option(names = "--below", defaultValue = "50", description = "bound of both numbers (${DEFAULT-VALUE})")
        int below;

        @Option(names = "--chats", defaultValue = "4", description = "chats of each sum (${DEFAULT-VALUE})")
        int chats;

        @Option(
                names = "--forgetful",
                defaultValue = "0.7",
                description = "how often the teacher forgets to carry, from 0 to 1 (${DEFAULT-VALUE})")
        double forgetful;

        @Option(names = "--seed", defaultValue = "1")
        long seed;

        @Override
        public Integer call() throws IOException {
            new Arithmetic(output, forgetful, seed).write(below, chats);
            return 0;
        }
    }

    @Command(
            name = "evaluate",
            mixinStandardHelpOptions = true,
            description = "Measures models on the held-out cases and prints the table.")
    static final class Evaluate implements Callable<Integer> {
        @Parameters(paramLabel = "MODEL", arity = "1..*", description = "model folders")
        List<Path> models;

        @Option(names = "--data", required = true, description = "folder of the JSONL files")
        Path data;

        @Option(names = "--set", defaultValue = "heldout", description = "heldout or validation")
        String set;

        @Option(names = "--limit", defaultValue = "1000", description = "cases per file")
        int limit;

        @Override
        public Integer call() throws Exception {
            Knowledge knowledge = KnowledgeLoader.load();
            StarterEvaluation evaluation = new StarterEvaluation(knowledge);
            TreeSet<String> specialties = new TreeSet<>();
            knowledge.conditions().values().forEach(c -> specialties.add(c.specialty()));
            List<String> prefixes =
                    set.equals("heldout") ? List.of("heldout-ranked-", "heldout-bare-") : List.of(set + "-");
            System.out.println("| model | prompt | cases of | n | top-1 | top-3 | repeated | perplexity |"
                    + " ranking's own top-1 |");
            System.out.println("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
            for (Path model : models) {
                for (String prefix : prefixes) {
                    List<StarterEvaluation.Scores> parts = new ArrayList<>();
                    for (String specialty : specialties) {
                        Path file = data.resolve(prefix + specialty + ".jsonl");
                        StarterEvaluation.Scores scores = evaluation.measure(model, file, limit);
                        parts.add(scores);
                        row(model, prefix, specialty, scores);
                    }
                    row(model, prefix, "**all**", StarterEvaluation.Scores.mean(parts));
                }
            }
            return 0;
        }

        private static void row(Path model, String prefix, String specialty, StarterEvaluation.Scores s) {
            String prompt = prefix.contains("ranked") ? "with ranking" : prefix.contains("bare") ? "without" : "mixed";
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %s | %d | %.3f | %.3f | %.3f | %.3f | %.3f |%n",
                    model.getFileName(),
                    prompt,
                    specialty,
                    s.cases(),
                    s.top1(),
                    s.top3(),
                    s.repeated(),
                    s.perplexity(),
                    s.engineTop1());
        }
    }
}
