package org.medley.runtime.weights;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.medley.runtime.tensor.DType;

/** The tensor types of GGUF files that can be read, by ggml's numbers. */
enum GgmlType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    Q4_0(2, DType.Q4_0),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, DType.Q8),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, DType.Q4_K),
    Q5_K(13, DType.Q5_K),
    Q6_K(14, DType.Q6_K),
    I8(24, DType.I8),
    I32(26, DType.I32),
    BF16(30, DType.BF16);

    final int id;
    final int blockElements;
    final int blockBytes;
    /** Null where {@link GgmlRepack} has to rewrite the type. */
    final DType dtype;

    GgmlType(int id, DType dtype) {
        this.id = id;
        this.blockElements = dtype.blockElements();
        this.blockBytes = dtype.blockBytes();
        this.dtype = dtype;
    }

    GgmlType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.dtype = null;
    }

    static Optional<GgmlType> of(long id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    static Optional<GgmlType> of(DType dtype) {
        return Arrays.stream(values()).filter(type -> type.dtype == dtype).findFirst();
    }

    static String known() {
        return Arrays.stream(values()).map(type -> type.id + " " + type).collect(Collectors.joining(", "));
    }
}
