package org.medley.training.recipe;

import java.util.List;

/** Checks of a recipe's values that name the recipe, the key and the range when they fail. */
record Checks(String where) {
    void that(boolean holds, String key, String problem) {
        if (!holds) {
            throw new BadRecipeException(where + ": " + key + " " + problem);
        }
    }

    void name(String name) {
        that(name != null, "name", "is missing; the made model is known by it");
        that(
                name.matches("[a-z0-9][a-z0-9._-]{0,62}"),
                "name",
                "'" + name + "' must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit");
    }

    int range(String key, Integer value, Integer otherwise, int min, int max) {
        that(value != null || otherwise != null, key, "is missing");
        int used = value != null ? value : otherwise;
        that(used >= min && used <= max, key, "is " + used + "; " + min + " to " + max + " is possible");
        return used;
    }

    double range(String key, Double value, double otherwise, double min, double max) {
        double used = value != null ? value : otherwise;
        that(used >= min && used <= max, key, "is " + used + "; " + min + " to " + max + " is possible");
        return used;
    }

    void data(String key, List<TrainRecipe.Data> data, boolean required) {
        that(!required || (data != null && !data.isEmpty()), key, "needs at least one dataset");
        for (int i = 0; data != null && i < data.size(); i++) {
            TrainRecipe.Data one = data.get(i);
            String at = key + "[" + i + "]";
            that(one.dataset() != null && !one.dataset().isBlank(), at + ".dataset", "is missing");
            that(one.format() != null, at + ".format", "is missing; text and chat are possible");
            that(
                    one.weight() == null || (one.weight() > 0 && one.weight() <= 1e6),
                    at + ".weight",
                    "is " + one.weight() + "; it must be above 0");
        }
    }
}
