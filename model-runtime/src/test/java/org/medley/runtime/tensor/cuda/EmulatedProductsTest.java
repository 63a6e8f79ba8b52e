package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

/** The products are computed from what was stored and its scales as the library's documentation lays them out. */
class EmulatedProductsTest extends EightBitProducts {
    @Override
    Gpu open(int capability) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu(capability);
    }
}
