package org.medley.runtime.engine;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Tag;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;

/** On the device of this machine. */
@Tag("gpu")
class CudaEngineTest extends CudaEngineParity {
    @Override
    Gpu open() {
        assumeThat(CudaPresence.absence()).as("a CUDA device").isEmpty();
        return CudaGpu.open(0);
    }
}
