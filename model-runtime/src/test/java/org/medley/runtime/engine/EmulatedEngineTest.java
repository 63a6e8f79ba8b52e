package org.medley.runtime.engine;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;

/** With the kernels run thread by thread on the processor. */
class EmulatedEngineTest extends CudaEngineParity {
    @Override
    Gpu open() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu();
    }
}
