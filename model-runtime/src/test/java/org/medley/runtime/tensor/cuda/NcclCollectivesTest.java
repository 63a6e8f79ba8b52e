package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.medley.runtime.tensor.cuda.driver.CudaGpus;

/** NCCL among the devices of this machine; with one alone, that it is there and takes its calls. */
@Tag("gpu")
class NcclCollectivesTest extends CollectivesParity {
    private static final int MOST = 8;

    @BeforeEach
    void device() {
        assumeThat(CudaPresence.absence()).as("a CUDA device").isEmpty();
    }

    @Override
    Gpus machine() {
        return new CudaGpus();
    }

    @Override
    int[] ranks() {
        return IntStream.rangeClosed(1, MOST)
                .takeWhile(count -> CudaPresence.absence(count - 1).isEmpty())
                .toArray();
    }
}
