package org.medley.training.reward;

import java.nio.file.Path;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * 1 if the answer is what the prompt's record says, blanks at its ends aside, else 0. Keys: {@code field} of the record
 * (answer), {@code pattern} whose first group is compared (all of the answer), {@code ignoreCase} (false).
 */
final class ExactMatch implements RewardKind {
    @Override
    public String name() {
        return "exact";
    }

    @Override
    public String about() {
        return "the answer is the right one";
    }

    @Override
    public Set<String> keys() {
        return Set.of("field", "pattern", "ignoreCase");
    }

    @Override
    public void check(RewardSettings settings) {
        make(settings, name -> null);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        String field = settings.text("field", "answer");
        Pattern pattern = settings.pattern("pattern", "(.*)");
        boolean ignoreCase = settings.flag("ignoreCase", false);
        return (PerAnswer) answer -> {
            String wanted = PerAnswer.wanted(answer, field).strip();
            Matcher found = pattern.matcher(answer.text());
            String given =
                    found.find() && found.group(1) != null ? found.group(1).strip() : "";
            return (ignoreCase ? given.equalsIgnoreCase(wanted) : given.equals(wanted)) ? 1 : 0;
        };
    }
}
