package org.medley.training.reward;

import java.nio.file.Path;
import java.util.Set;
import java.util.function.Function;

/** A kind of reward, as recipes name it. Implementations have a public constructor without parameters. */
public interface RewardKind {
    String name();

    /** What is rewarded, in a few words for people: "the answer is the right one". */
    String about();

    /** Keys that its settings may have. */
    Set<String> keys();

    /**
     * Looks whether the settings make sense, without loading anything.
     *
     * @throws IllegalArgumentException if not, with what would be right
     */
    void check(RewardSettings settings);

    /** @param models where a model of a name lies */
    Reward make(RewardSettings settings, Function<String, Path> models);
}
