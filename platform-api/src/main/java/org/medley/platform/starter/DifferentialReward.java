package org.medley.platform.starter;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.medley.platform.knowledge.KnowledgeLoader;
import org.medley.training.reward.Answer;
import org.medley.training.reward.Reward;
import org.medley.training.reward.RewardKind;
import org.medley.training.reward.RewardSettings;

/**
 * How well an answer finds the diagnosis: 1 if the first condition it names is the record's, {@code third} (0.4) if it is
 * the second or third, else 0; of that {@code repeated} (1) is left if its first sentence names a condition twice. Keys:
 * {@code field} of the record with the condition's id (condition), {@code third}, {@code repeated}.
 */
public final class DifferentialReward implements RewardKind {
    private static final double THIRD = 0.4;

    @Override
    public String name() {
        return "differential";
    }

    @Override
    public String about() {
        return "it names the diagnosis, and early";
    }

    @Override
    public Set<String> keys() {
        return Set.of("field", "third", "repeated");
    }

    @Override
    public void check(RewardSettings settings) {
        settings.text("field", "condition");
        settings.number("third", THIRD, 0, 1);
        settings.number("repeated", 1, 0, 1);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        String field = settings.text("field", "condition");
        double third = settings.number("third", THIRD, 0, 1);
        double repeated = settings.number("repeated", 1, 0, 1);
        NamedConditions names = new NamedConditions(KnowledgeLoader.load());
        return answers -> answers.stream()
                .mapToDouble(answer -> score(names.in(answer.text()), wanted(answer, field, names), third)
                        * (names.repeats(firstSentence(answer.text())) ? repeated : 1))
                .toArray();
    }

    private static String firstSentence(String text) {
        int end = text.indexOf('.');
        return end < 0 ? text : text.substring(0, end);
    }

    private static String wanted(Answer answer, String field, NamedConditions names) {
        String id = answer.prompt().path(field).asText();
        if (!names.knowledge().conditions().containsKey(id)) {
            throw new IllegalArgumentException("a prompt's \"" + field
                    + "\" is no condition of the knowledge base; give each record the id of one");
        }
        return id;
    }

    private static double score(List<String> named, String wanted, double third) {
        int place = named.indexOf(wanted);
        return place == 0 ? 1 : place > 0 && place < 3 ? third : 0;
    }
}
