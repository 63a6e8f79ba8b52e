package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Tag;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;

/** The same by the library, on the device of this machine. */
@Tag("gpu")
class CudaProductsTest extends EightBitProducts {
    @Override
    Gpu open(int capability) {
        assumeThat(CudaPresence.absence()).as("a CUDA device").isEmpty();
        Gpu gpu = CudaGpu.open(0);
        if (gpu.properties().capability() != capability) {
            gpu.close();
        }
        assumeThat(gpu.properties().capability()).as("compute capability").isEqualTo(capability);
        return gpu;
    }

    /** Hopper keeps about 13 bits of sums of codes (DeepSeek-V3 report, sec. 3.3.2). */
    @Override
    double codesNear() {
        return 2e-3;
    }
}
