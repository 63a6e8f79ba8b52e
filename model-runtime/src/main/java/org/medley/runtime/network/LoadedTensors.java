package org.medley.runtime.network;

import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelSource;

/** A model's tensors as networks use them: matrices stay mapped unless another format is asked for, vectors become F32. */
final class LoadedTensors {
    private LoadedTensors() {}

    /** @param format what matrices are converted to, or null to use them as stored */
    static Map<String, Tensor> of(ModelSource model, Arena arena, DType format) {
        Map<String, Tensor> usable = new TreeMap<>();
        model.weights(arena).forEach((name, tensor) -> usable.put(name, usable(tensor, arena, format)));
        return usable;
    }

    private static Tensor usable(Tensor tensor, Arena arena, DType format) {
        if (tensor.shape().length == 1) {
            return tensor.dtype() == DType.F32 && tensor.address() % 4 == 0 ? tensor : Formats.toF32(tensor, arena);
        }
        boolean fits = format != null && tensor.cols() % format.blockElements() == 0;
        if (!fits || format == tensor.dtype()) {
            return tensor;
        }
        return format == DType.F8_E4M3 ? Formats.toFp8Blocks(tensor, arena) : Formats.convert(tensor, format, arena);
    }
}
