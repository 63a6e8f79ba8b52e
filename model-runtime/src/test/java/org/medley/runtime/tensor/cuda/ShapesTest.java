package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** The processor and a device refuse what does not fit, in the same words. */
class ShapesTest {
    @Test
    void bothRefuseTheSameInTheSameWords() {
        try (Arena arena = Arena.ofConfined();
                Workspace workspace = new Workspace();
                Gpu gpu = new EmulatedGpu();
                CudaWeights weights = new CudaWeights(new DevicePool(gpu));
                CudaOps device = new CudaOps(new DevicePool(gpu), weights, 1, 1)) {
            Tensor x = Tensor.zeros(arena, 3, 4);
            Tensor y = Tensor.zeros(arena, 3, 6);
            Tensor vector = Tensor.zeros(arena, 5);
            RopeTable rope = new RopeTable(RopeTable.frequencies(4, 10_000), 8);
            Batch batch = new Batch(new int[3], new int[3], List.of(new Batch.Span(0, 3)));
            Attention heads = new Attention(new Ops.Heads(2, 1, 4), 1, 0, 0, true);
            Map<String, Consumer<Ops>> wrong = new LinkedHashMap<>();
            wrong.put("token id 3 is outside F32[3, 4]", ops -> ops.embedding(x, new int[] {0, 3}));
            wrong.put("linear: input F32[3, 4] does not fit weight F32[3, 6]", ops -> ops.linear(x, y, null));
            wrong.put("linear: bias F32[5] does not fit weight F32[3, 4]", ops -> ops.linear(x, x, vector));
            wrong.put("rmsNorm: input F32[3, 4] is no multiple of weight F32[5]", ops -> ops.rmsNorm(x, vector, 1));
            wrong.put("layerNorm: bias F32[3, 6] does not fit weight F32[3, 4]", ops -> ops.layerNorm(x, x, y, 1));
            wrong.put("add: F32[3, 4] and F32[3, 6] differ", ops -> ops.addNorm(x, y, vector, 1));
            wrong.put(
                    "rope: input F32[3, 6] does not fit heads of 4 and 3 positions",
                    ops -> ops.rope(y, new int[3], rope));
            wrong.put("position 8 is outside the context of 8", ops -> ops.rope(x, new int[] {0, 8, 1}, rope));
            wrong.put(
                    "attention: q F32[3, 4], k F32[3, 4], v F32[3, 4] do not fit",
                    ops -> ops.attention(x, x, x, heads, 0, batch));
            wrong.put("swiglu: F32[3, 4] and F32[3, 6] differ", ops -> ops.swiglu(x, y));
            wrong.put("geglu: F32[3, 4] and F32[3, 6] differ", ops -> ops.geglu(x, y, Ops.Gelu.ERF));
            wrong.put("row -1 is outside F32[3, 4]", ops -> ops.rows(x, new int[] {-1}));
            wrong.put("means: Span[", ops -> ops.means(x, List.of(new Batch.Span(1, 3))));
            wrong.put(
                    "mixture: 2 of 1 experts, router F32[3, 4]",
                    ops -> ops.mixture(x, x, List.of(new Ops.Expert(x, x, x)), 2, true));
            wrong.forEach((words, call) -> {
                Throwable here = catchThrowable(() -> call.accept(new CpuOps(workspace)));
                Throwable there = catchThrowable(() -> call.accept(device));
                assertThat(here).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(words);
                assertThat(there).isInstanceOf(IllegalArgumentException.class).hasMessage(here.getMessage());
            });
        }
    }
}
