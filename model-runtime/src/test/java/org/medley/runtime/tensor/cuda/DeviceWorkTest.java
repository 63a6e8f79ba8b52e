package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Tensor;

/** What intermediate results take, whatever is computed. */
class DeviceWorkTest {
    @Test
    void decodedWeightsOfAllLayersShareOnePiece() {
        int width = 4096;
        try (Gpu gpu = new NullGpu();
                Arena arena = Arena.ofConfined()) {
            DevicePool pool = new DevicePool(gpu);
            long bytes = DType.F16.bytes((long) width * width);
            Tensor weight = new Tensor(DType.F16, new int[] {width, width}, arena.allocate(bytes, 64));
            try (CudaWeights weights = new CudaWeights(pool);
                    CudaOps ops = new CudaOps(pool, weights, 1, 1)) {
                Tensor x = ops.toDevice(Tensor.zeros(arena, 16, width));
                for (int layer = 0; layer < 100; layer++) {
                    x = ops.linear(x, weight, null);
                }
                // A hundred pieces would be 3.2 GB.
                assertThat(ops.bytes()).isLessThan(CudaOps.leastBytes() + DeviceWorkspace.SLAB_BYTES);
            }
        }
    }

    @Test
    void drawsFromMoreAndMoreRowsTakeNoMoreThanWasSaid() {
        int vocabulary = 100_000;
        int most = 64;
        try (NullGpu gpu = new NullGpu()) {
            DevicePool pool = new DevicePool(gpu);
            Tensor logits = DeviceMemory.tensor(gpu.allocate(4L * most * vocabulary), most, vocabulary);
            long before = gpu.mostHeld();
            int[] tokens = new int[vocabulary];
            Arrays.setAll(tokens, i -> i);
            float[] zeros = new float[vocabulary];
            Draw.Edits edits = new Draw.Edits(tokens, zeros, new boolean[vocabulary], zeros, 1);
            Draw all = new Draw(1, 5, 0.9f, 0, 0.5, new long[] {-1}, edits);
            try (CudaSampler sampler = new CudaSampler(pool)) {
                for (int rows = 1; rows <= most; rows += 7) {
                    Draw[] draws = new Draw[rows];
                    Arrays.fill(draws, all);
                    assertThat(sampler.draw(logits, draws)).hasSize(rows);
                    long said = CudaSampler.mostBytes(rows, vocabulary);
                    assertThat(sampler.bytes()).as("%d rows", rows).isLessThanOrEqualTo(said);
                    assertThat(gpu.mostHeld() - before).as("%d rows", rows).isLessThanOrEqualTo(said);
                }
            }
        }
    }
}
