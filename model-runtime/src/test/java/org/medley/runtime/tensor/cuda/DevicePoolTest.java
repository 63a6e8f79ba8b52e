package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Ops;

class DevicePoolTest {
    @Test
    void whatDoesNotFitIsRefusedWithTheSizesOfAll() {
        try (Gpu gpu = new EmulatedGpu()) {
            DevicePool pool = new DevicePool(gpu, 10_000_000);
            DeviceMemory weights = new DeviceMemory(pool, DevicePool.WEIGHTS);
            long first = weights.allocate(6_000_000);
            assertThatThrownBy(() -> pool.require(Map.of(DevicePool.CACHE, 3_000_000L, DevicePool.WORK, 2_000_000L)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("10 MB is too small for 11 MB")
                    .hasMessageContaining("intermediate results 2 MB, keys and values 3 MB, weights 6 MB");
            try (CudaKvCache cache = new CudaKvCache(pool, 1, 1, new Ops.Heads(2, 2, 64), DType.Q8)) {
                assertThat(cache.bytes()).isEqualTo(2 * CudaKvCache.pageBytes(1, new Ops.Heads(2, 2, 64), DType.Q8));
                assertThat(CudaKvCache.pageBytes(1, new Ops.Heads(2, 2, 40), DType.Q8))
                        .isEqualTo(2 * 2 * 32 * 68);
                assertThatThrownBy(() -> weights.allocate(4_000_000)).hasMessageContaining("weights 10 MB");
            }
            // What was given back can be taken again.
            weights.free(first);
            DeviceMemory work = new DeviceMemory(pool, DevicePool.WORK);
            work.allocate(10_000_000);
            work.close();
            weights.close();
        }
    }

    /** As when two models share a device, each of which counts its own memory alone. */
    @Test
    void whatTheDeviceRefusesAloneIsToldApart() {
        try (NullGpu gpu = new NullGpu()) {
            DevicePool pool = new DevicePool(gpu, 10_000_000);
            try (DeviceMemory weights = new DeviceMemory(pool, DevicePool.WEIGHTS)) {
                weights.allocate(3_000_000);
                gpu.fullAfter(0);
                assertThatThrownBy(() -> weights.allocate(5_000_000))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("refused 5 MB for weights")
                        .hasMessageContaining("3 MB are held here (weights 3 MB)")
                        .hasMessageContaining("another model or process")
                        .hasMessageContaining("out of memory");
                assertThat(weights.bytes()).isEqualTo(3_000_000);
            }
        }
    }
}
