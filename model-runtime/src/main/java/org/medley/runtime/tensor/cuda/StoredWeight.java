package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.DType;

/**
 * A weight in device memory, row by row as it is stored.
 *
 * @param factors address of its F32 scales, 0 for none
 * @param factorRows rows of the blocks that share a scale
 * @param factorCols their columns
 * @param factorsAcross scales beside each other
 */
record StoredWeight(
        DType dtype,
        int rows,
        int cols,
        long address,
        long factors,
        int factorRows,
        int factorCols,
        int factorsAcross) {
    /** What its format is called in the kernels' names. */
    String format() {
        return switch (dtype) {
            case F32 -> "f32";
            case F16 -> "f16";
            case BF16 -> "bf16";
            case F8_E4M3 -> "f8_e4m3";
            case Q8 -> "q8_0";
            case Q4_0 -> "q4_0";
            case Q4_K -> "q4_k";
            case Q5_K -> "q5_k";
            case Q6_K -> "q6_k";
            case I32, I8, F8_E5M2 -> throw new IllegalStateException(dtype.label() + " is kept as F32");
        };
    }

    static boolean kept(DType dtype) {
        return dtype != DType.I32 && dtype != DType.I8 && dtype != DType.F8_E5M2;
    }

    long rowBytes() {
        return dtype.bytes(cols);
    }

    /** What a library may multiply it as without decoding, null if it cannot. */
    Product.Element element() {
        if (dtype != DType.F8_E4M3) {
            boolean plain = factors == 0 && (dtype == DType.F32 || dtype == DType.BF16);
            return plain ? dtype == DType.F32 ? Product.Element.F32 : Product.Element.BF16 : null;
        }
        if (factors == 0 || (factorRows >= rows && factorCols >= cols)) {
            return Product.Element.E4M3_TENSOR;
        }
        if (factorRows == 1 && factorCols >= cols) {
            return Product.Element.E4M3_ROW;
        }
        return factorRows == Product.BLOCK && factorCols == Product.BLOCK ? Product.Element.E4M3_BLOCK : null;
    }

    /** What kernels over stored weights take first. */
    Arguments first(Arguments arguments) {
        return shape(arguments.none().put(address));
    }

    /** The same but for the addresses, which for experts are tables. */
    Arguments first(Arguments arguments, long addresses, long factorAddresses) {
        arguments.none().put(addresses).put(rowBytes()).put(factorAddresses);
        return arguments.put(factorRows).put(factorCols).put(factorsAcross);
    }

    private Arguments shape(Arguments arguments) {
        return arguments
                .put(rowBytes())
                .put(factors)
                .put(factorRows)
                .put(factorCols)
                .put(factorsAcross);
    }
}
