package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;

/**
 * Training a low-rank addition to a model's matrices instead of the matrices. The result is the model with it.
 *
 * @param kind default lora
 * @param rank of the addition; default 16
 * @param alpha the addition is multiplied by alpha / rank; default 2 · rank
 * @param targets which matrices of each layer; default all of them
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AdapterSection(Kind kind, Integer rank, Double alpha, List<Target> targets) {
    /** What is added. */
    public enum Kind {
        /** {@code W + (alpha / rank) · B·A} (Hu et al. 2022). */
        lora,
        /** The same with the length of each row trained apart from its direction (Liu et al. 2024). */
        dora
    }

    /** A matrix of each layer. */
    public enum Target {
        q,
        k,
        v,
        o,
        gate,
        up,
        down
    }

    AdapterSection completed(Checks checks) {
        int used = checks.range("adapter.rank", rank, 16, 1, 1_024);
        List<Target> chosen = targets == null ? List.of(Target.values()) : targets;
        checks.that(!chosen.isEmpty(), "adapter.targets", "is empty; q, k, v, o, gate, up and down are possible");
        checks.that(chosen.stream().noneMatch(Objects::isNull), "adapter.targets", "has an empty entry");
        checks.that(chosen.size() == chosen.stream().distinct().count(), "adapter.targets", "names a matrix twice");
        return new AdapterSection(
                kind == null ? Kind.lora : kind,
                used,
                checks.range("adapter.alpha", alpha, 2.0 * used, 1e-3, 1e5),
                List.copyOf(chosen));
    }
}
