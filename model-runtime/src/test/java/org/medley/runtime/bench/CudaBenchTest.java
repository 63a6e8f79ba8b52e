package org.medley.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;

class CudaBenchTest {
    @Test
    void everyFormatIsMeasuredBesideTheDeviceAndNothingIsLeftHeld() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        ObjectNode out = new ObjectMapper().createObjectNode();
        try (Gpu gpu = new EmulatedGpu()) {
            new CudaBench(gpu, new CudaBench.Sizes(4096, 16, 32, 64, 2, List.of(1, 9))).run(out);
        }
        assertThat(out.path("device").asText()).isEqualTo("emulated");
        double copied = out.path("copy_bytes_per_s").asDouble();
        double multiplied = out.path("bf16_multiply_adds_per_s").asDouble();
        assertThat(copied).isPositive();
        assertThat(multiplied).isPositive();
        assertThat(out.path("products")).hasSize(2 * KernelBench.FORMATS.size()).allSatisfy(row -> {
            double products = row.path("multiply_adds_per_s").asDouble();
            assertThat(row.path("share_of_bf16").asDouble()).isEqualTo(products / multiplied);
            assertThat(row.path("share_of_copy").asDouble())
                    .isEqualTo(row.path("bytes_per_s").asDouble() / copied);
            assertThat(products).isPositive();
        });
    }
}
