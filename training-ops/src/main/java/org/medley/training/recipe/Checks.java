package org.medley.training.recipe;

import java.util.ArrayList;
import java.util.List;

/**
 * Checks of a recipe's values that name the recipe, the line, the key and what would be right when they fail. What is
 * wrong by itself is gathered, so that a person hears of all of it at once; a default takes its place meanwhile.
 */
final class Checks {
    private final Origin origin;
    private final List<String> problems = new ArrayList<>();

    Checks(Origin origin) {
        this.origin = origin;
    }

    /** Without this nothing further can be checked. If something was wrong before, this may follow from it. */
    void that(boolean holds, String key, String problem) {
        if (!holds) {
            if (problems.isEmpty()) {
                alone(false, key, problem);
            }
            done();
        }
    }

    /** What does not hinder further checks. */
    void alone(boolean holds, String key, String problem) {
        if (!holds) {
            problems.add(origin.of(key) + key + " " + problem);
        }
    }

    /** @throws BadRecipeException with a line for each problem, if there are some */
    void done() {
        if (!problems.isEmpty()) {
            throw new BadRecipeException(String.join("\n", problems));
        }
    }

    /** A key that another choice makes meaningless. */
    void unused(Object value, String key, String because) {
        alone(value == null, key, "is not used " + because + "; remove it");
    }

    void name(String name) {
        alone(name != null, "name", "is missing; the made model is known by it");
        alone(
                name == null || name.matches("[a-z0-9][a-z0-9._-]{0,62}"),
                "name",
                "'" + name + "' must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit");
    }

    void given(String key, String value, String what) {
        alone(value != null && !value.isBlank(), key, "is missing; " + what);
    }

    /** @param otherwise the default; null if there is none */
    int range(String key, Integer value, Integer otherwise, int min, int max) {
        if (value != null && value >= min && value <= max) {
            return value;
        }
        boolean absent = value == null && otherwise != null;
        alone(
                absent,
                key,
                (value == null ? "is missing; " : "is " + value + "; ") + min + " to " + max + " is possible");
        return otherwise == null ? min : otherwise;
    }

    double range(String key, Double value, double otherwise, double min, double max) {
        if (value == null) {
            return otherwise;
        }
        boolean possible = value >= min && value <= max;
        alone(possible, key, "is " + value + "; " + min + " to " + max + " is possible");
        return possible ? value : otherwise;
    }

    String dtype(String dtype) {
        String format = dtype == null ? "BF16" : dtype;
        alone(format.matches("F32|BF16"), "dtype", "is '" + format + "'; the model is written as F32 or BF16");
        return format;
    }

    List<DataSection> data(String key, List<DataSection> data) {
        that(data != null && !data.isEmpty(), key, "needs at least one dataset");
        List<DataSection> full = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            that(data.get(i) != null, key + "[" + i + "]", "is empty; it needs a dataset and a format");
            full.add(data.get(i).completed(this, key + "[" + i + "]"));
        }
        return List.copyOf(full);
    }
}
