package org.medley.platform.clinical;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.platform.clinical.Reasoning.Sentence;
import org.medley.platform.clinical.Reasoning.Status;

/**
 * Checks each sentence against what it cites: its telling words must stand in the cited passages or in the case. A
 * lexical check: it finds invented terms, not wrong numbers, and cannot tell that a sentence turns a passage's meaning
 * round. What the case itself does not hold is caught as well: a finding told as absent that nobody entered so, or one told
 * as fitting that is absent or that nobody entered. Words shorter than four letters and the connecting words of the
 * reasoning itself do not count.
 */
final class CitationCheck {
    /** Below this share a sentence counts as unsupported. */
    static final double ENOUGH = 0.6;

    private static final Pattern CITATION = Pattern.compile("\\[(\\d{1,3})]");
    private static final Pattern BORDER = Pattern.compile("(?<=[.!?])\\s+(?=[A-Z\\[])");
    private static final Pattern WORD = Pattern.compile("\\p{L}[\\p{L}-]{3,}");
    private static final Set<String> CONNECTING = Set.of(
            "most",
            "likely",
            "next",
            "come",
            "comes",
            "then",
            "that",
            "this",
            "with",
            "also",
            "would",
            "fits",
            "fit",
            "less",
            "more",
            "certain",
            "makes",
            "make",
            "absence",
            "absent",
            "speaks",
            "against",
            "because",
            "which",
            "while",
            "from",
            "have",
            "been",
            "could",
            "should",
            "possible",
            "case",
            "patient",
            "diagnosis");

    private CitationCheck() {}

    /**
     * Labels of the findings of a case, of which sentences may speak without a passage holding them, and the names of the
     * conditions ranked for it, as they stand in a sentence.
     */
    record CaseFindings(List<String> present, List<String> absent, List<String> conditions) {
        /** Whether a sentence tells a finding of the vocabulary, or the absence of one, that is not the case's. */
        boolean contradict(String sentence, Collection<String> vocabulary) {
            String text = sentence.toLowerCase(Locale.ROOT);
            int fit = text.indexOf(" fit");
            String claimed = fit < 0 ? "" : text.substring(0, fit);
            return vocabulary.stream()
                    .map(label -> label.toLowerCase(Locale.ROOT))
                    .anyMatch(label -> {
                        String absence = "absence of " + label;
                        return text.contains(absence) && !among(absent, label)
                                || claimed.contains(label) && !claimed.contains(absence) && !among(present, label);
                    });
        }

        /** A sentence may leave out how a finding is told more closely. */
        private static boolean among(List<String> findings, String label) {
            return findings.stream()
                    .anyMatch(known -> known.toLowerCase(Locale.ROOT).contains(label));
        }
    }

    /** @param vocabulary labels of all findings there are */
    static List<Sentence> check(
            String text, List<Assessment.Cited> passages, CaseFindings findings, Collection<String> vocabulary) {
        Set<String> caseWords = words(String.join(" ", findings.present) + " " + String.join(" ", findings.absent));
        List<Sentence> sentences = new ArrayList<>();
        for (String sentence : BORDER.split(text.strip())) {
            if (!sentence.isBlank()) {
                sentences.add(judge(sentence.strip(), passages, findings, vocabulary, caseWords));
            }
        }
        return sentences;
    }

    private static Sentence judge(
            String sentence,
            List<Assessment.Cited> passages,
            CaseFindings findings,
            Collection<String> vocabulary,
            Set<String> caseWords) {
        Set<Integer> citations = new LinkedHashSet<>();
        Matcher matcher = CITATION.matcher(sentence);
        while (matcher.find()) {
            citations.add(Integer.parseInt(matcher.group(1)));
        }
        boolean exist = citations.stream().allMatch(n -> n >= 1 && n <= passages.size());
        Set<String> known = new HashSet<>(caseWords);
        for (int number : citations) {
            if (number >= 1 && number <= passages.size()) {
                Assessment.Cited passage = passages.get(number - 1);
                known.addAll(words(passage.title() + " " + passage.text()));
            }
        }
        Set<String> said = words(CITATION.matcher(sentence).replaceAll(" "));
        double support = said.isEmpty()
                ? 0
                : (double) said.stream().filter(known::contains).count() / said.size();
        boolean holds = exist
                && support >= ENOUGH
                && !findings.contradict(sentence, vocabulary)
                && namesFit(sentence, passages, findings.conditions);
        Status status = citations.isEmpty() ? Status.uncited : holds ? Status.supported : Status.unsupported;
        return new Sentence(sentence, List.copyOf(citations), status, Math.round(support * 100) / 100.0);
    }

    /** Whether each passage that is cited right behind a condition's name speaks of that condition. */
    private static boolean namesFit(String sentence, List<Assessment.Cited> passages, List<String> conditions) {
        Matcher matcher = CITATION.matcher(sentence);
        while (matcher.find()) {
            String before =
                    sentence.substring(0, matcher.start()).stripTrailing().toLowerCase(Locale.ROOT);
            Assessment.Cited passage = passages.get(Integer.parseInt(matcher.group(1)) - 1);
            String held = (passage.title() + " " + passage.text()).toLowerCase(Locale.ROOT);
            boolean elsewhere = conditions.stream()
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .anyMatch(name -> before.endsWith(name) && !held.contains(name));
            if (elsewhere) {
                return false;
            }
        }
        return true;
    }

    private static Set<String> words(String text) {
        Set<String> words = new HashSet<>();
        Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) {
            String word = matcher.group();
            if (!CONNECTING.contains(word)) {
                words.add(word.endsWith("s") ? word.substring(0, word.length() - 1) : word);
            }
        }
        return words;
    }
}
