package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.medley.runtime.tensor.cuda.driver.CudaGpus;

/** NCCL among the devices of this machine. */
@Tag("gpu")
class NcclCollectivesTest extends CollectivesParity {
    @BeforeEach
    void twoDevices() {
        assumeThat(CudaPresence.absence(1)).as("a second CUDA device").isEmpty();
    }

    @Override
    Gpus machine() {
        return new CudaGpus();
    }

    @Override
    int[] ranks() {
        return new int[] {2};
    }
}
