package org.medley.libtorch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** What libtorch's own products of square matrices reach: whether its BLAS knows this processor. */
final class ProductPeak {
    private static final int ROUNDS = 20;
    private static final long[] SIZES = {512, 1024, 2048};

    private ProductPeak() {}

    /** Operations per second, the best of all rounds and sizes. */
    static double measure() {
        double peak = 0;
        for (long size : SIZES) {
            try (PointerScope scope = new PointerScope()) {
                Tensor a = torch.rand(size, size);
                Tensor b = torch.rand(size, size);
                for (int round = 0; round < ROUNDS; round++) {
                    long began = System.nanoTime();
                    torch.mm(a, b);
                    double seconds = (System.nanoTime() - began) / 1e9;
                    peak = Math.max(peak, 2.0 * size * size * size / seconds);
                }
            }
        }
        return peak;
    }
}
