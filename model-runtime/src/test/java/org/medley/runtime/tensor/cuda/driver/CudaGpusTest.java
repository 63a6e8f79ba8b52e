package org.medley.runtime.tensor.cuda.driver;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class CudaGpusTest {
    /** On a machine without NCCL what is needed is said; on one with it NCCL itself refuses to be among no devices. */
    @Test
    void whatCannotBeExchangedIsRefusedInAPlainLine() {
        assertThatThrownBy(() -> new CudaGpus().among(List.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("(?s)NCCL cannot be loaded.*libnccl.so.2 of CUDA 13 is needed.*"
                        + "|CUDA: ncclCommInitAll of 0 devices failed with .*");
    }
}
