package org.medley.platform.clinical;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.medley.platform.clinical.Differential.Ranked;
import org.medley.platform.evidence.EvidenceSearch.Question;
import org.medley.platform.knowledge.Knowledge;
import org.medley.search.index.Passage;

/**
 * The one form in which a case is put to a model: the same text in training, evaluation and service, so that what was
 * measured is what is used. Free text of the record (history, medicines, allergies) is not part of it.
 */
public final class ReasoningPrompt {
    public static final String SYSTEM =
            "You explain a differential diagnosis. Use only the case and the passages. Cite passages as [n].";

    /** Ranked conditions named in the prompt. */
    public static final int RANKED = 4;

    /** Passages offered. */
    public static final int PASSAGES = 5;

    private static final int MAX_PRESENT = 14;
    private static final int MAX_ABSENT = 8;

    private ReasoningPrompt() {}

    /** @param ranking the computed ranking, or null to leave it out */
    public static String user(Knowledge knowledge, PatientCase patient, Differential ranking, List<Passage> passages) {
        StringBuilder text = new StringBuilder();
        text.append("Case: ")
                .append(patient.sex() == PatientCase.Sex.female ? "woman" : "man")
                .append(", ")
                .append(patient.age())
                .append(" years. Complaint: ")
                .append(patient.complaint().strip())
                .append(".\nPresent: ")
                .append(labels(knowledge, patient.allPresent(), MAX_PRESENT))
                .append(".\nAbsent: ")
                .append(labels(knowledge, patient.allAbsent(), MAX_ABSENT))
                .append(".\nRisks: ")
                .append(list(patient.risks().stream()
                        .map(id -> knowledge.risks().get(id).label())
                        .toList()))
                .append(".\nRanking: ")
                .append(ranking == null ? "not given" : ranking(ranking))
                .append(".\n");
        for (int i = 0; i < passages.size(); i++) {
            Passage passage = passages.get(i);
            text.append('[')
                    .append(i + 1)
                    .append("] ")
                    .append(passage.title())
                    .append(", ")
                    .append(passage.section())
                    .append(": ")
                    .append(passage.text())
                    .append('\n');
        }
        return text.toString();
    }

    private static String ranking(Differential ranking) {
        List<String> entries = new ArrayList<>();
        List<Ranked> top =
                ranking.ranked().subList(0, Math.min(RANKED, ranking.ranked().size()));
        for (int i = 0; i < top.size(); i++) {
            entries.add(String.format(
                    Locale.ROOT,
                    "%d. %s %d%%",
                    i + 1,
                    top.get(i).condition().name(),
                    Math.round(100 * top.get(i).probability())));
        }
        return String.join("; ", entries);
    }

    private static String labels(Knowledge knowledge, List<String> ids, int most) {
        return list(ids.stream()
                .limit(most)
                .map(id -> knowledge.findings().get(id).label())
                .toList());
    }

    private static String list(List<String> values) {
        return values.isEmpty() ? "none stated" : values.stream().collect(Collectors.joining(", "));
    }

    /**
     * What is looked up for a case: its words, with a ranking also the names of the conditions to be explained, and the
     * tests for the first of them.
     */
    public static List<Question> questions(Knowledge knowledge, PatientCase patient, Differential ranking) {
        List<String> words = new ArrayList<>();
        words.add(patient.complaint());
        patient.allPresent()
                .forEach(id -> words.add(knowledge.findings().get(id).label()));
        if (ranking == null) {
            return List.of(new Question(String.join(". ", words), PASSAGES));
        }
        ranking.ranked().stream().limit(3).forEach(r -> words.add(r.condition().name()));
        String first = ranking.ranked().getFirst().condition().name();
        return List.of(
                new Question(first + ": how it presents and what distinguishes it", 2),
                new Question(String.join(". ", words), PASSAGES - 3),
                new Question(first + ": investigation and tests that confirm it", 1));
    }
}
