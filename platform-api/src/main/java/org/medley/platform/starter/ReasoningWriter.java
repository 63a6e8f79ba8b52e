package org.medley.platform.starter;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.medley.platform.clinical.Differential;
import org.medley.platform.clinical.Differential.Evidence;
import org.medley.platform.clinical.Differential.Ranked;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.search.index.Passage;

/**
 * The reasoning a model is to learn, written from what the prompt holds: the order, the findings that weigh most, and
 * sentences of the passages quoted word for word with their number.
 */
final class ReasoningWriter {
    private ReasoningWriter() {}

    /** @param order the conditions to be named, most likely first */
    static String write(
            List<Condition> order, Differential differential, List<Passage> passages, SplittableRandom random) {
        Condition first = order.getFirst();
        List<String> sentences = new ArrayList<>();
        sentences.add("Most likely is " + named(first, passages)
                + (order.size() > 2
                        ? "; next come " + named(order.get(1), passages) + " and " + named(order.get(2), passages)
                        : "")
                + ".");
        Ranked ranked = ranked(differential, first);
        List<String> fits = labels(ranked.supporting(), true, 3);
        int presentation = number(passages, first, "presentation");
        int own = presentation > 0 ? presentation : number(passages, first, null);
        if (!fits.isEmpty()) {
            sentences.add(
                    upper(and(fits)) + (fits.size() == 1 ? " fits " : " fit ") + first.inText() + cite(own) + ".");
        }
        List<String> opposing = labels(ranked.opposing(), true, 1);
        List<String> missing = labels(ranked.opposing(), false, 1);
        if (!opposing.isEmpty()) {
            sentences.add(upper(opposing.getFirst()) + " speaks against it" + cite(own) + ".");
        } else if (!missing.isEmpty()) {
            sentences.add("The absence of " + missing.getFirst() + " makes it less certain" + cite(own) + ".");
        }
        if (order.size() > 1) {
            Condition second = order.get(1);
            List<String> also = labels(ranked(differential, second).supporting(), true, 2);
            int place = number(passages, second, null);
            if (!also.isEmpty() && place > 0) {
                sentences.add(upper(and(also)) + (also.size() == 1 ? " would fit " : " would also fit ")
                        + second.inText() + cite(place) + ".");
            }
        }
        quote(sentences, passages, number(passages, first, "distinguishing"), random);
        int investigation = number(passages, first, "investigation");
        if (investigation > 0) {
            sentences.add("Next: " + sentence(passages.get(investigation - 1).text(), 0) + cite(investigation) + ".");
        }
        return String.join(" ", sentences);
    }

    private static void quote(List<String> sentences, List<Passage> passages, int number, SplittableRandom random) {
        if (number > 0) {
            sentences.add(sentence(passages.get(number - 1).text(), random.nextInt(2)) + cite(number) + ".");
        }
    }

    private static Ranked ranked(Differential differential, Condition condition) {
        return differential.ranked().stream()
                .filter(r -> r.condition().id().equals(condition.id()))
                .findFirst()
                .orElse(new Ranked(condition, 0, List.of()));
    }

    private static String named(Condition condition, List<Passage> passages) {
        return condition.inText() + cite(number(passages, condition, null));
    }

    private static List<String> labels(List<Evidence> evidence, boolean present, int most) {
        return evidence.stream()
                .filter(e -> e.present() == present)
                .map(Evidence::label)
                .limit(most)
                .toList();
    }

    /** The number of the first passage on a condition, of a section if one is given; 0 if there is none. */
    private static int number(List<Passage> passages, Condition condition, String section) {
        for (int i = 0; i < passages.size(); i++) {
            Passage passage = passages.get(i);
            if (passage.title().equals(condition.name())
                    && (section == null || passage.section().equals(section))) {
                return i + 1;
            }
        }
        return 0;
    }

    private static String cite(int number) {
        return number > 0 ? " [" + number + "]" : "";
    }

    /** A sentence of a passage without its full stop; the first if there is no such one. */
    private static String sentence(String text, int index) {
        String[] parts = text.split("(?<=\\.) ");
        String chosen = parts[Math.min(index, parts.length - 1)];
        return chosen.endsWith(".") ? chosen.substring(0, chosen.length() - 1) : chosen;
    }

    private static String and(List<String> values) {
        return values.size() == 1
                ? values.getFirst()
                : String.join(", ", values.subList(0, values.size() - 1)) + " and " + values.getLast();
    }

    private static String upper(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
