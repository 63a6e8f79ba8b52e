package org.medley.platform.starter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.medley.platform.clinical.Differential;
import org.medley.platform.clinical.DifferentialEngine;
import org.medley.platform.clinical.ReasoningPrompt;
import org.medley.platform.evidence.EvidenceLibrary;
import org.medley.platform.evidence.EvidenceSearch;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.platform.starter.VignetteGenerator.Vignette;
import org.medley.search.index.Passage;

/**
 * Writes the starter family's datasets: the monographs as text, and case vignettes as chats in exactly the form the
 * platform asks, with and without the computed ranking. The same seed writes the same bytes.
 */
final class StarterData {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Knowledge knowledge;
    private final DifferentialEngine engine;
    private final EvidenceSearch search;
    private final VignetteGenerator generator;

    StarterData(Knowledge knowledge, EvidenceSearch search) {
        this.knowledge = knowledge;
        this.engine = new DifferentialEngine(knowledge);
        this.search = search;
        this.generator = new VignetteGenerator(knowledge, engine);
    }

    /** How many records of each kind are written per specialty. */
    record Sizes(int reader, int specialist, int prompts, int validation, int heldOut) {}

    void write(Path folder, Sizes sizes, long seed) throws IOException {
        Files.createDirectories(folder);
        monographs(folder.resolve("monographs.jsonl"));
        SplittableRandom random = new SplittableRandom(seed);
        for (String specialty : specialties()) {
            Set read = new Set(specialty, false, Ranking.GIVEN, true);
            Set learned = new Set(specialty, false, Ranking.MIXED, true);
            write(folder, "reader-" + specialty, read, sizes.reader, random.split());
            write(folder, "cases-" + specialty, learned, sizes.specialist, random.split());
            write(folder, "validation-" + specialty, learned, sizes.validation, random.split());
            Set ranked = new Set(specialty, true, Ranking.GIVEN, true);
            Set bare = new Set(specialty, true, Ranking.ABSENT, true);
            write(folder, "heldout-ranked-" + specialty, ranked, sizes.heldOut, random.split());
            write(folder, "heldout-bare-" + specialty, bare, sizes.heldOut, random.split());
        }
        SplittableRandom asked = new SplittableRandom(seed + 1);
        for (String specialty : specialties()) {
            Set prompts = new Set(specialty, false, Ranking.MIXED, false);
            write(folder, "prompts-" + specialty, prompts, sizes.prompts, asked.split());
            write(folder, "validation-prompts-" + specialty, prompts, sizes.validation, asked.split());
        }
    }

    /**
     * What a file holds.
     *
     * @param heldOut whether cases are put into words that no other file has
     * @param answered whether the assistant's answer is there; without it a record is a prompt
     */
    private record Set(String specialty, boolean heldOut, Ranking ranking, boolean answered) {}

    private enum Ranking {
        GIVEN,
        ABSENT,
        MIXED
    }

    private TreeSet<String> specialties() {
        TreeSet<String> all = new TreeSet<>();
        knowledge.conditions().values().forEach(c -> all.add(c.specialty()));
        return all;
    }

    private void monographs(Path file) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (Passage passage : new EvidenceLibrary(knowledge).passages()) {
                String text = passage.title() + ", " + passage.section() + ": " + passage.text();
                out.write(JSON.createObjectNode().put("text", text) + "\n");
            }
        }
    }

    private void write(Path folder, String name, Set set, int count, SplittableRandom random) throws IOException {
        List<Condition> conditions = knowledge.conditions().values().stream()
                .filter(c -> c.specialty().equals(set.specialty))
                .toList();
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(name + ".jsonl"))) {
            for (int i = 0; i < count; i++) {
                Vignette vignette = generator.draw(conditions.get(i % conditions.size()), set.heldOut, random);
                boolean ranked = set.ranking == Ranking.GIVEN
                        || (set.ranking == Ranking.MIXED && i / conditions.size() % 2 == 0);
                ObjectNode record = chat(vignette, ranked, random);
                if (!set.answered) {
                    record.withArray("messages")
                            .remove(record.withArray("messages").size() - 1);
                }
                out.write(record + "\n");
            }
        }
        System.out.println(name + ": " + count);
    }

    private ObjectNode chat(Vignette vignette, boolean ranked, SplittableRandom random) {
        Differential differential = engine.rank(vignette.patient());
        Differential shown = ranked ? differential : null;
        List<Passage> passages = search.find(ReasoningPrompt.questions(knowledge, vignette.patient(), shown));
        List<Condition> order = ranked
                ? differential.ranked().stream()
                        .limit(3)
                        .map(Differential.Ranked::condition)
                        .toList()
                : VignetteGenerator.truthFirst(vignette.condition(), differential);
        ObjectNode node = JSON.createObjectNode();
        node.put("condition", vignette.condition().id());
        node.put("phrasing", vignette.phrasing());
        node.put("engineTop", differential.ranked().getFirst().condition().id());
        var messages = node.putArray("messages");
        messages.addObject().put("role", "system").put("content", ReasoningPrompt.SYSTEM);
        messages.addObject()
                .put("role", "user")
                .put("content", ReasoningPrompt.user(knowledge, vignette.patient(), shown, passages));
        messages.addObject()
                .put("role", "assistant")
                .put("content", ReasoningWriter.write(order, differential, passages, random));
        return node;
    }
}
