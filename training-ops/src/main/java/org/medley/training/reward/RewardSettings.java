package org.medley.training.reward;

import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The settings of a reward by key. Getters refuse what is of another kind with an {@link IllegalArgumentException}. */
public record RewardSettings(Map<String, Object> values) {
    public RewardSettings {
        values = Map.copyOf(values);
    }

    public Object get(String key) {
        return values.get(key);
    }

    /** @param otherwise what is meant without the key; null if it is needed */
    public String text(String key, String otherwise) {
        Object value = values.get(key);
        if (value == null && otherwise == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        if (value != null && !(value instanceof String)) {
            throw new IllegalArgumentException(key + " is " + value + "; a text is needed");
        }
        return value == null ? otherwise : (String) value;
    }

    public double number(String key, double otherwise, double min, double max) {
        Object value = values.get(key);
        if (value != null && !(value instanceof Number)) {
            throw new IllegalArgumentException(key + " is " + value + "; a number is needed");
        }
        double used = value == null ? otherwise : ((Number) value).doubleValue();
        if (!(used >= min && used <= max)) {
            throw new IllegalArgumentException(key + " is " + used + "; " + min + " to " + max + " is possible");
        }
        return used;
    }

    public boolean flag(String key, boolean otherwise) {
        Object value = values.get(key);
        if (value != null && !(value instanceof Boolean)) {
            throw new IllegalArgumentException(key + " is " + value + "; true and false are possible");
        }
        return value == null ? otherwise : (Boolean) value;
    }

    /** A regular expression with at least one group. */
    public Pattern pattern(String key, String otherwise) {
        try {
            Pattern pattern = Pattern.compile(text(key, otherwise), Pattern.DOTALL);
            if (pattern.matcher("").groupCount() < 1) {
                throw new IllegalArgumentException(
                        key + " has no group in parentheses; it needs one around what is to be compared");
            }
            return pattern;
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    key + " is no regular expression: " + e.getDescription() + " at " + e.getIndex(), e);
        }
    }
}
