package org.medley.training.reward;

import java.util.Collection;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The kinds of rewards there are: those that come along, and those of plug-ins. */
public final class RewardKinds {
    private RewardKinds() {}

    /** In the order of their names. */
    public static Collection<RewardKind> all() {
        return byName().values();
    }

    /** @throws IllegalArgumentException if there is none of this name, with those that there are */
    public static RewardKind named(String name) {
        Map<String, RewardKind> kinds = byName();
        RewardKind kind = kinds.get(name);
        if (kind == null) {
            throw new IllegalArgumentException("is '" + name + "'; possible: " + String.join(", ", kinds.keySet()));
        }
        return kind;
    }

    private static Map<String, RewardKind> byName() {
        Map<String, RewardKind> kinds = new TreeMap<>();
        Stream.of(new ExactMatch(), new NumericTolerance(), new SchemaValidity(), new ModelJudge())
                .forEach(kind -> kinds.put(kind.name(), kind));
        ServiceLoader.load(RewardKind.class).forEach(kind -> kinds.put(kind.name(), kind));
        return kinds;
    }
}
