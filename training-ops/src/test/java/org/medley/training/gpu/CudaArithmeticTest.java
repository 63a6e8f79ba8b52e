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

    /** Hopper keeps about 13 bits of sums of codes until they are carried on in F32 (DeepSeek-V3 report, sec. 3.3.2). */
    @Override
    double codesNear() {
        return 1e-3;
    }
}
