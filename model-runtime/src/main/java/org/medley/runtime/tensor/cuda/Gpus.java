package org.medley.runtime.tensor.cuda;

import java.util.List;

/** The devices of a machine. */
public interface Gpus {
    /**
     * @param number from 0 on
     * @throws IllegalStateException if there is none that can be used, with the reason in one plain line
     */
    Gpu open(int number);

    /**
     * What moves memory among devices that were opened here, to be closed before they are. The first is rank 0.
     *
     * @throws IllegalStateException if it cannot be, with the reason in one plain line
     */
    Collectives among(List<Gpu> gpus);
}
