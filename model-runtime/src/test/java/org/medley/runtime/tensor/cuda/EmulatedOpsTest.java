package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

/** The kernels' arithmetic, on the processor. */
class EmulatedOpsTest extends CudaOpsParity {
    @Override
    Gpu open() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu();
    }
}
