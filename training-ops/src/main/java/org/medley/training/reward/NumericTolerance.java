package org.medley.training.reward;

import java.nio.file.Path;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * 1 if the answer's number is the record's, as near as is asked for, else 0. Keys: {@code field} of the record (answer),
 * {@code pattern} whose first group is the number (the last number in the answer), {@code relative} (0) and {@code
 * absolute} (1e-9) distance allowed.
 */
final class NumericTolerance implements RewardKind {
    private static final String LAST_NUMBER = ".*?(-?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?)(?!.*\\d)";

    @Override
    public String name() {
        return "numeric";
    }

    @Override
    public String about() {
        return "the number is near enough";
    }

    @Override
    public Set<String> keys() {
        return Set.of("field", "pattern", "relative", "absolute");
    }

    @Override
    public void check(RewardSettings settings) {
        make(settings, name -> null);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        String field = settings.text("field", "answer");
        Pattern pattern = settings.pattern("pattern", LAST_NUMBER);
        double relative = settings.number("relative", 0, 0, 1);
        double absolute = settings.number("absolute", 1e-9, 0, 1e12);
        return (PerAnswer) answer -> {
            String text = PerAnswer.wanted(answer, field);
            Double wanted = parsed(text);
            if (wanted == null) {
                throw new IllegalArgumentException("a prompt's \"" + field + "\" is no number; one is needed");
            }
            Matcher found = pattern.matcher(answer.text());
            Double given = found.find() ? parsed(found.group(1)) : null;
            return given != null && Math.abs(given - wanted) <= absolute + relative * Math.abs(wanted) ? 1 : 0;
        };
    }

    /** Null if it is no number. */
    private static Double parsed(String text) {
        try {
            return text == null ? null : Double.valueOf(text.strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
