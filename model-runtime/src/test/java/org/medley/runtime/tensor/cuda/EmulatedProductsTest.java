package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** The products are computed from what was stored and its scales as the library's documentation lays them out. */
class EmulatedProductsTest extends EightBitProducts {
    @Override
    Gpu open(int capability) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu(capability);
    }

    @Override
    double codesNear() {
        return 1e-5;
    }

    @Test
    void whatTheLibraryDoesNotKnowIsDecoded() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        SplittableRandom random = new SplittableRandom(1);
        try (Arena arena = Arena.ofConfined();
                Gpu gpu = new EmulatedGpu(90, product -> product.element().eightBits());
                CudaWeights weights = new CudaWeights(new DevicePool(gpu));
                CudaOps ops = new CudaOps(new DevicePool(gpu), weights, 1, 1)) {
            Tensor weight = weight(random, arena, 144, 160, Kind.BLOCK);
            Tensor x = Tensor.of(arena, input(random, 20, 160), 20, 160);
            Tensor got = Tensor.zeros(arena, 20, 144);
            ops.toHost(ops.linear(ops.toDevice(x), weight, null), got.address());
            Tensor decoded = Tensor.of(arena, weight.toArray(), 144, 160);
            float[] wanted =
                    new CpuOps(new Workspace()).linear(x, decoded, null).toArray();
            // Rounding to eight bits would show.
            near("seed 1", got.toArray(), wanted, 4e-3);
        }
    }
}
