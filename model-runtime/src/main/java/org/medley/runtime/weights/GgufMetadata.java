package org.medley.runtime.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The key-value part of a GGUF file: {@link Long}, {@link java.math.BigInteger} (beyond a long), {@link Double},
 * {@link Boolean}, {@link String} or a {@link List} of one of these. Each getter refuses a value of another kind by name.
 */
public final class GgufMetadata {
    private final Path file;
    private final Map<String, Object> values;

    GgufMetadata(Path file, Map<String, Object> values) {
        this.file = file;
        this.values = values;
    }

    public Map<String, Object> values() {
        return values;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    String text(String key) {
        return required(key, String.class, "a string");
    }

    String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    boolean flag(String key, boolean otherwise) {
        return has(key) ? required(key, Boolean.class, "a boolean") : otherwise;
    }

    /** An integer from 0 to 2^31-1. */
    int count(String key) {
        long value = required(key, Long.class, "an integer");
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new BadModelException(file, "metadata " + key + " is " + value + "; 0 to 2147483647 is possible");
        }
        return (int) value;
    }

    double number(String key) {
        double value = required(key, Number.class, "a number").doubleValue();
        if (!Double.isFinite(value)) {
            throw new BadModelException(file, "metadata " + key + " is " + value + "; a finite number is needed");
        }
        return value;
    }

    List<String> texts(String key) {
        return list(key, String.class, "strings");
    }

    List<? extends Number> numbers(String key) {
        return list(key, Number.class, "numbers");
    }

    private <T> List<T> list(String key, Class<T> kind, String what) {
        List<?> list = required(key, List.class, "an array of " + what);
        if (!list.isEmpty() && !kind.isInstance(list.getFirst())) {
            throw new BadModelException(file, "metadata " + key + " is not an array of " + what);
        }
        return list.stream().map(kind::cast).toList();
    }

    private <T> T required(String key, Class<T> kind, String what) {
        Object value = values.get(key);
        if (value == null) {
            throw new BadModelException(file, "metadata " + key + " is missing");
        }
        if (!kind.isInstance(value)) {
            throw new BadModelException(file, "metadata " + key + " is not " + what);
        }
        return kind.cast(value);
    }

    BadModelException bad(String problem) {
        return new BadModelException(file, problem);
    }
}
