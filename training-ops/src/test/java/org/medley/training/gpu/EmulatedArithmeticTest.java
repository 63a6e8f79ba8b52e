package org.medley.training.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Product;

/** The kernels' arithmetic, on the processor. */
class EmulatedArithmeticTest extends DeviceArithmetic {
    @Override
    Gpu open() {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        return new EmulatedGpu(90);
    }

    @Override
    double codesNear() {
        return PRODUCTS_NEAR;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPassOfRowsThatTheLibraryHasNoAlgorithmForIsFilledUp(boolean whole) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        // The other two of a product's sizes are 128.
        Predicate<Product> few = product -> product.element().eightBits() && Math.max(product.m(), product.k()) < 384;
        assertThat(products(few, whole)).usingRecursiveComparison().isEqualTo(products(product -> false, whole));
    }

    /** The three products of a pass of 90 rows where 400 were asked for. */
    private static List<float[]> products(Predicate<Product> unknown, boolean whole) {
        SplittableRandom random = new SplittableRandom(6);
        try (Arena arena = Arena.ofConfined();
                Gpu gpu = new EmulatedGpu(90, unknown);
                CudaWeights weights = new CudaWeights(new DevicePool(gpu));
                CudaOps ops = new CudaOps(new DevicePool(gpu), weights, 4, 1);
                DeviceMemory memory = new DeviceMemory(new DevicePool(gpu), "test");
                DeviceWorkspace room = new DeviceWorkspace(new DevicePool(gpu))) {
            Tiles tiles = new Tiles(ops.launcher(), true, whole);
            EightBitProducts eight = new EightBitProducts(ops.launcher(), tiles, ops.workspace(), room);
            NetworkWeights network = new NetworkWeights(ops.launcher(), memory, weights, eight, tiles);
            Tensor weight = Gaussian.tensor(arena, random, 128, 128);
            Tensor x = ops.toDevice(Gaussian.tensor(arena, random, 90, 128));
            Tensor dy = ops.toDevice(Gaussian.tensor(arena, random, 90, 128));
            Tensor dx = ops.toDevice(Gaussian.tensor(arena, random, 90, 128));
            Tensor dWeight = ops.toDevice(Gaussian.tensor(arena, random, 128, 128));
            network.tiled(weight, ops.toDevice(weight).address(), 400);
            network.round();
            Tensor y = eight.forward(x, weight);
            eight.begin();
            eight.toInput(dy, weight, dx);
            eight.toWeight(x, weight, dy, dWeight);
            List<float[]> found = new ArrayList<>();
            for (Tensor tensor : List.of(y, dx, dWeight)) {
                found.add(new Uploads(gpu, room).read(tensor.address(), (int) tensor.size()));
            }
            return found;
        }
    }
}
