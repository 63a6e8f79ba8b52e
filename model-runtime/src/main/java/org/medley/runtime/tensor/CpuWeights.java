package org.medley.runtime.tensor;

import java.lang.foreign.Arena;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import org.medley.runtime.tensor.kernel.Panels;

/**
 * The matrices of a model in the layout they are multiplied from, beside the mapped originals, whose pages the system
 * may then drop. A tensor stays the one name of a weight.
 */
public final class CpuWeights {
    private final Map<Tensor, Panels> panels = new IdentityHashMap<>();

    /** @param arena how long the layouts live */
    public static CpuWeights of(Collection<Tensor> matrices, Arena arena) {
        CpuWeights weights = new CpuWeights();
        weights.add(matrices, arena);
        return weights;
    }

    /** @param arena how long the layouts live, unless they are removed before */
    public void add(Collection<Tensor> matrices, Arena arena) {
        for (Tensor matrix : matrices) {
            panels.computeIfAbsent(matrix, m -> Panels.pack(m, arena));
        }
    }

    public void remove(Collection<Tensor> matrices) {
        matrices.forEach(panels::remove);
    }

    /** The matrices have other values now. */
    public void renew() {
        panels.forEach((matrix, laidOut) -> laidOut.fill(matrix));
    }

    /** Null if the matrix was not laid out. */
    Panels panels(Tensor matrix) {
        return panels.get(matrix);
    }

    public long bytes() {
        return panels.values().stream().mapToLong(Panels::bytes).sum();
    }
}
