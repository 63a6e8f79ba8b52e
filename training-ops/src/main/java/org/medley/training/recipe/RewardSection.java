package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.medley.training.reward.RewardKind;
import org.medley.training.reward.RewardKinds;
import org.medley.training.reward.RewardSettings;

/**
 * A judge of answers. Besides kind and weight it has the keys that its kind knows.
 */
@JsonPropertyOrder({"kind", "weight"})
public final class RewardSection {
    @JsonProperty
    private final String kind;

    @JsonProperty
    private final Double weight;

    private final Map<String, Object> settings = new LinkedHashMap<>();

    /**
     * @param kind name of the plug-in
     * @param weight of its judgement in the sum; default 1
     */
    @JsonCreator
    public RewardSection(@JsonProperty("kind") String kind, @JsonProperty("weight") Double weight) {
        this.kind = kind;
        this.weight = weight;
    }

    public String kind() {
        return kind;
    }

    public double weight() {
        return weight == null ? 1 : weight;
    }

    /** What the plug-in reads. */
    @JsonAnyGetter
    public Map<String, Object> settings() {
        return settings;
    }

    @JsonAnySetter
    void set(String key, Object value) {
        if (value != null) {
            settings.put(key, value);
        }
    }

    RewardSection completed(Checks checks, String at) {
        checks.that(kind != null && !kind.isBlank(), at + ".kind", "is missing; the name of a reward");
        try {
            RewardKind known = RewardKinds.named(kind);
            settings.keySet()
                    .forEach(key -> checks.that(
                            known.keys().contains(key),
                            at + "." + key,
                            "is unknown; possible here: kind, weight, "
                                    + String.join(", ", new TreeSet<>(known.keys()))));
            known.check(new RewardSettings(settings));
        } catch (IllegalArgumentException e) {
            checks.that(false, at, e.getMessage());
        }
        RewardSection full = new RewardSection(kind, checks.range(at + ".weight", weight, 1, -1_000, 1_000));
        full.settings.putAll(settings);
        return full;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RewardSection reward
                && Objects.equals(kind, reward.kind)
                && weight() == reward.weight()
                && settings.equals(reward.settings);
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, weight(), settings);
    }

    @Override
    public String toString() {
        return kind + " · " + weight() + " " + settings;
    }
}
