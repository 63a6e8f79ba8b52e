package org.medley.platform.starter;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Condition;

/** Which conditions a text names. */
record NamedConditions(Knowledge knowledge) {
    private record Mention(String condition, int at, int length) {}

    /** Their ids in the order they are first named; of names that overlap the longest counts. */
    List<String> in(String text) {
        return mentioned(text).stream().distinct().toList();
    }

    /** Whether a condition is named twice. */
    boolean repeats(String text) {
        List<String> mentioned = mentioned(text);
        return mentioned.stream().distinct().count() < mentioned.size();
    }

    private List<String> mentioned(String text) {
        List<Mention> mentions = new ArrayList<>();
        for (Condition condition : knowledge.conditions().values()) {
            String name = condition.inText();
            for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length())) {
                mentions.add(new Mention(condition.id(), at, name.length()));
            }
        }
        mentions.sort(Comparator.comparingInt(Mention::at).thenComparing(m -> -m.length));
        List<String> named = new ArrayList<>();
        int end = 0;
        for (Mention mention : mentions) {
            if (mention.at >= end) {
                named.add(mention.condition);
                end = mention.at + mention.length;
            }
        }
        return named;
    }
}
