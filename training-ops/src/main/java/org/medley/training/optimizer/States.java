package org.medley.training.optimizer;

import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/**
 * Makes and holds an optimizer's tensors by name; the planned form only counts their bytes, so that a recipe's memory is
 * known before anything is allocated.
 */
public final class States {
    /** Null for the planned form. */
    private final Arena arena;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private long bytes;

    private States(Arena arena) {
        this.arena = arena;
    }

    /** Tensors that live as long as {@code arena}. */
    public static States in(Arena arena) {
        return new States(arena);
    }

    /** Tensors without memory behind them: shapes and sizes are true, contents must not be touched. */
    public static States planned() {
        return new States(null);
    }

    /**
     * A zeroed tensor.
     *
     * @param dtype F32, or I8 for codes
     * @throws IllegalArgumentException if the name is taken or the format is another
     */
    public Tensor make(String name, DType dtype, int... shape) {
        if (dtype != DType.F32 && dtype != DType.I8) {
            throw new IllegalArgumentException("state " + name + " as " + dtype.label() + "; states are F32 or I8");
        }
        long elements = 1;
        for (int extent : shape) {
            elements = Math.multiplyExact(elements, (long) extent);
        }
        long size = dtype.bytes(elements);
        Tensor tensor =
                new Tensor(dtype, shape, arena == null ? Memory.ALL.asSlice(0, size) : arena.allocate(size, 64));
        if (tensors.putIfAbsent(name, tensor) != null) {
            throw new IllegalArgumentException("there are two states called " + name);
        }
        bytes += size;
        return tensor;
    }

    /** In the order they were made. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    public long bytes() {
        return bytes;
    }
}
