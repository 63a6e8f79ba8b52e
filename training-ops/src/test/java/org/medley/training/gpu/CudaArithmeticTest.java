package org.medley.training.gpu;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Tag;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;

/** The same on the device of this machine. */
@Tag("gpu")
class CudaArithmeticTest extends DeviceArithmetic {
    @Override
    Gpu open() {
        assumeThat(CudaPresence.absence()).as("a CUDA device").isEmpty();
        return CudaGpu.open(0);
    }
}
