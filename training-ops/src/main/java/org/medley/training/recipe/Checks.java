package org.medley.training.recipe;

import java.util.List;
import java.util.Objects;

/** Checks of a recipe's values that name the recipe, the line, the key and the range when they fail. */
record Checks(String where, Places places) {
    void that(boolean holds, String key, String problem) {
        if (!holds) {
            int line = places.line(key);
            throw new BadRecipeException(where + (line == 0 ? "" : ":" + line) + ": " + key + " " + problem);
        }
    }

    /** A key that another choice makes meaningless. */
    void unused(Object value, String key, String because) {
        that(value == null, key, "is not used " + because + "; remove it");
    }

    void name(String name) {
        that(name != null, "name", "is missing; the made model is known by it");
        that(
                name.matches("[a-z0-9][a-z0-9._-]{0,62}"),
                "name",
                "'" + name + "' must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit");
    }

    void given(String key, String value, String what) {
        that(value != null && !value.isBlank(), key, "is missing; " + what);
    }

    int range(String key, Integer value, Integer otherwise, int min, int max) {
        that(value != null || otherwise != null, key, "is missing; " + min + " to " + max + " is possible");
        int used = value != null ? value : Objects.requireNonNull(otherwise);
        that(used >= min && used <= max, key, "is " + used + "; " + min + " to " + max + " is possible");
        return used;
    }

    double range(String key, Double value, double otherwise, double min, double max) {
        double used = value != null ? value : otherwise;
        that(used >= min && used <= max, key, "is " + used + "; " + min + " to " + max + " is possible");
        return used;
    }

    String dtype(String dtype) {
        String format = dtype == null ? "BF16" : dtype;
        that(format.matches("F32|BF16"), "dtype", "is '" + format + "'; the model is written as F32 or BF16");
        return format;
    }

    List<DataSection> data(String key, List<DataSection> data) {
        that(data != null && !data.isEmpty(), key, "needs at least one dataset");
        List<DataSection> full = new java.util.ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            that(data.get(i) != null, key + "[" + i + "]", "is empty; it needs a dataset and a format");
            full.add(data.get(i).completed(this, key + "[" + i + "]"));
        }
        return List.copyOf(full);
    }
}
