package org.medley.training.recipe;

/** Where the keys of a recipe were written down: what a refusal of one begins with, such as {@code r.yaml:5: }. */
@FunctionalInterface
public interface Origin {
    /** @param key such as {@code data[1].weight}; empty for the whole */
    String of(String key);
}
