package org.medley.runtime.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A dense row-major array in native memory. The segment's arena decides how long it lives; a tensor never owns memory.
 * Identity matters (the tape keys gradients by it), hence a class and not a record.
 */
public final class Tensor {
    private final DType dtype;
    private final int[] shape;
    private final MemorySegment data;
    /** Null where the stored values are the values. */
    private final Scales scales;

    /** Wraps {@code data}, which must be native and exactly as long as {@code shape} in {@code dtype} needs. */
    public Tensor(DType dtype, int[] shape, MemorySegment data) {
        this(dtype, shape, data, null);
    }

    private Tensor(DType dtype, int[] shape, MemorySegment data, Scales scales) {
        long elements = elements(shape);
        if (dtype.blockElements() > 1 && shape[shape.length - 1] % dtype.blockElements() != 0) {
            throw new IllegalArgumentException("rows of tensor " + dtype.label() + Arrays.toString(shape)
                    + " do not fill whole blocks of " + dtype.blockElements());
        }
        if (!data.isNative() || data.byteSize() != dtype.bytes(elements)) {
            throw new IllegalArgumentException("tensor " + dtype.label() + Arrays.toString(shape) + " needs "
                    + dtype.bytes(elements) + " native bytes, got " + data.byteSize());
        }
        this.dtype = dtype;
        this.shape = shape.clone();
        this.data = data;
        this.scales = scales;
        if (scales != null && !scales.fit(rows(), cols())) {
            throw new IllegalArgumentException("scales " + Arrays.toString(scales.factors().shape) + " for blocks of "
                    + scales.blockRows() + " x " + scales.blockCols() + " do not fit tensor " + this);
        }
    }

    /** A zeroed F32 tensor that lives as long as {@code arena}. */
    public static Tensor zeros(Arena arena, int... shape) {
        return new Tensor(DType.F32, shape, arena.allocate(DType.F32.bytes(elements(shape)), 64));
    }

    /** An F32 tensor that has a shape and no memory, to plan with; reading or writing it ends the process. */
    public static Tensor planned(int... shape) {
        long bytes = DType.F32.bytes(elements(shape));
        return new Tensor(DType.F32, shape, MemorySegment.NULL.reinterpret(bytes));
    }

    public static Tensor of(Arena arena, float[] values, int... shape) {
        Tensor tensor = zeros(arena, shape);
        tensor.copyFrom(values);
        return tensor;
    }

    private static long elements(int[] shape) {
        long product = 1;
        for (int extent : shape) {
            if (extent < 0) {
                throw new IllegalArgumentException("negative extent in shape " + Arrays.toString(shape));
            }
            product = Math.multiplyExact(product, (long) extent);
        }
        return product;
    }

    public DType dtype() {
        return dtype;
    }

    /** Factors that the stored values are to be multiplied by, or null. */
    public Scales scales() {
        return scales;
    }

    /** The same stored values, to be multiplied by these factors. */
    public Tensor scaled(Scales factors) {
        return new Tensor(dtype, shape, data, factors);
    }

    public int[] shape() {
        return shape.clone();
    }

    public MemorySegment data() {
        return data;
    }

    public long address() {
        return data.address();
    }

    /** Elements of the last axis. */
    public int cols() {
        return shape[shape.length - 1];
    }

    /** Product of all axes but the last. */
    public int rows() {
        return cols() == 0 ? 0 : Math.toIntExact(size() / cols());
    }

    public long size() {
        return elements(shape);
    }

    /** Address of the first element of a row of an F32 tensor. */
    public long row(int row) {
        return data.address() + (long) row * cols() * Float.BYTES;
    }

    /** The rows {@code [from, from+count)} as a view on the same memory. */
    public Tensor slice(int from, int count) {
        long rowBytes = dtype.bytes(cols());
        return new Tensor(
                dtype,
                new int[] {count, cols()},
                data.asSlice(from * rowBytes, count * rowBytes),
                scales == null ? null : scales.slice(from, count));
    }

    /** Elements of an F32 vector as a vector, over the same memory. */
    public Tensor range(int from, int count) {
        return new Tensor(dtype, new int[] {count}, data.asSlice(dtype.bytes(from), dtype.bytes(count)), null);
    }

    /** The value at {@code index} in row-major order, decoded whatever the storage is. */
    public float get(long index) {
        float stored = StoredElement.get(dtype, address(), index);
        return scales == null ? stored : stored * scales.at(index / cols(), index % cols());
    }

    /** Copies the values into a new array, decoded to F32 whatever the storage is. */
    public float[] toArray() {
        float[] values = new float[Math.toIntExact(size())];
        if (dtype == DType.F32) {
            MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
        } else {
            for (int i = 0; i < values.length; i++) {
                values[i] = get(i);
            }
        }
        return values;
    }

    /** Overwrites an F32 tensor. */
    public void copyFrom(float[] values) {
        if (dtype != DType.F32 || values.length != size()) {
            throw new IllegalArgumentException("cannot copy " + values.length + " floats into " + this);
        }
        MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
    }

    public void copyFrom(Tensor other) {
        if (other.dtype != dtype || !Arrays.equals(other.shape, shape) || scales != null || other.scales != null) {
            throw new IllegalArgumentException("cannot copy " + other + " into " + this);
        }
        data.copyFrom(other.data);
    }

    public void fillZero() {
        data.fill((byte) 0);
    }

    @Override
    public String toString() {
        return dtype.label() + Arrays.toString(shape);
    }
}
