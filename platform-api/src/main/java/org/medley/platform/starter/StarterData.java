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

    /** How many chats of each kind are written per specialty. */
    record Sizes(int reader, int specialist, int validation, int heldOut) {}

    void write(Path folder, Sizes sizes, long seed) throws IOException {
        Files.createDirectories(folder);
        monographs(folder.resolve("monographs.jsonl"));
        SplittableRandom random = new SplittableRandom(seed);
        for (String specialty : specialties()) {
            chats(folder, "reader-" + specialty, specialty, sizes.reader, false, Ranking.GIVEN, random.split());
            chats(folder, "cases-" + specialty, specialty, sizes.specialist, false, Ranking.MIXED, random.split());
            chats(folder, "validation-" + specialty, specialty, sizes.validation, false, Ranking.MIXED, random.split());
            chats(folder, "heldout-ranked-" + specialty, specialty, sizes.heldOut, true, Ranking.GIVEN, random.split());
            chats(folder, "heldout-bare-" + specialty, specialty, sizes.heldOut, true, Ranking.ABSENT, random.split());
        }
    }

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

    private void chats(
            Path folder,
            String name,
            String specialty,
            int count,
            boolean heldOut,
            Ranking kind,
            SplittableRandom random)
            throws IOException {
        List<Condition> conditions = knowledge.conditions().values().stream()
                .filter(c -> c.specialty().equals(specialty))
                .toList();
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(name + ".jsonl"))) {
            for (int i = 0; i < count; i++) {
                Vignette vignette = generator.draw(conditions.get(i % conditions.size()), heldOut, random);
                boolean ranked = kind == Ranking.GIVEN || (kind == Ranking.MIXED && i / conditions.size() % 2 == 0);
                out.write(chat(vignette, ranked, random) + "\n");
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
