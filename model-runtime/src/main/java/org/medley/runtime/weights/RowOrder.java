package org.medley.runtime.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.medley.runtime.tensor.Tensor;

/**
 * The two orders in which a head's rotated pairs are stored: as halves (element i turns with i + size/2), Hugging Face's
 * way, or interleaved (2i turns with 2i+1), llama.cpp's. Whole rows move, so that quantized ones need no requantizing.
 */
final class RowOrder {
    private RowOrder() {}

    static Tensor toHalves(Tensor tensor, int heads, Arena arena) {
        return reordered(tensor, heads, arena, true);
    }

    static Tensor toInterleaved(Tensor tensor, int heads, Arena arena) {
        return reordered(tensor, heads, arena, false);
    }

    /** @param tensor [heads * size, in], or [heads * size] */
    private static Tensor reordered(Tensor tensor, int heads, Arena arena, boolean toHalves) {
        boolean bias = tensor.shape().length == 1;
        int rows = bias ? tensor.cols() : tensor.rows();
        if (rows % (2 * heads) != 0) {
            throw new IllegalArgumentException(
                    "the rows of " + tensor + " cannot be " + heads + " heads of pairs to rotate");
        }
        int half = rows / heads / 2;
        long bytes = tensor.data().byteSize() / rows;
        MemorySegment target = arena.allocate(tensor.data().byteSize(), 64);
        for (int row = 0; row < rows; row++) {
            int head = row / (2 * half);
            int in = row % (2 * half);
            int interleaved = head * 2 * half + in % half * 2 + in / half;
            long from = (toHalves ? interleaved : row) * bytes;
            long to = (toHalves ? row : interleaved) * bytes;
            MemorySegment.copy(tensor.data(), from, target, to, bytes);
        }
        return new Tensor(tensor.dtype(), tensor.shape(), target);
    }
}
