package org.medley.platform.starter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.medley.platform.evidence.EvidenceLibrary;
import org.medley.platform.evidence.EvidenceSearch;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.KnowledgeLoader;
import org.medley.runtime.embed.BgeSmallEmbedder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Making and measuring the starter family. */
@Command(
        name = "medley starter",
        subcommands = {StarterCommand.Data.class},
        mixinStandardHelpOptions = true)
public final class StarterCommand {
    private StarterCommand() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new StarterCommand()).execute(args));
    }

    @Command(name = "data", description = "Writes the datasets that the starter family is trained and measured on.")
    static final class Data implements Callable<Integer> {
        @Option(names = "--output", required = true, description = "folder of the JSONL files")
        Path output;

        @Option(names = "--reader", defaultValue = "2000", description = "chats per specialty with a ranking")
        int reader;

        @Option(names = "--specialist", defaultValue = "3200", description = "chats per specialty, half with a ranking")
        int specialist;

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
                        .write(output, new StarterData.Sizes(reader, specialist, validation, heldOut), seed);
            }
            return 0;
        }
    }
}
