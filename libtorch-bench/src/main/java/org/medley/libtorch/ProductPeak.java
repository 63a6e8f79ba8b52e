package org.medley.libtorch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.medley.runtime.bench.Machine;

/** What libtorch's own products of square matrices reach: whether its BLAS knows this processor. */
final class ProductPeak {
    private static final long[] SIZES = {512, 1024, 2048};

    private ProductPeak() {}

    /** Operations per second, the best of all rounds and sizes. */
    static double measure() {
        double peak = 0;
        for (long size : SIZES) {
            try (PointerScope scope = new PointerScope()) {
                Tensor a = torch.rand(size, size);
                Tensor b = torch.rand(size, size);
                peak = Math.max(peak, Machine.best(() -> {
                    torch.mm(a, b);
                    return 2.0 * size * size * size;
                }));
            }
        }
        return peak;
    }
}
