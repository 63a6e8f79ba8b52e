package org.medley.training.gpu;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;

/** The kernels' arithmetic, on the processor. */
class EmulatedArithmeticTest extends DeviceArithmetic {
    @Override
    Gpu open() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu(90);
    }
}
