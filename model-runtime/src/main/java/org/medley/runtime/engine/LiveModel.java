package org.medley.runtime.engine;

import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Workspace;

/**
 * A model whose weights change between answers, as one that is being trained.
 *
 * @param network over F32 weights, which stay where they are
 * @param wrapping how it is to be computed
 */
public record LiveModel(Network network, Wrapping wrapping) {
    /** Puts more around an engine's ops: another precision, or additions to matrices. */
    @FunctionalInterface
    public interface Wrapping {
        /** @param workspace that of the ops */
        Ops over(Ops ops, Workspace workspace);
    }
}
