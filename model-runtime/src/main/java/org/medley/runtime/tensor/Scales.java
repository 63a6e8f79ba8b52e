package org.medley.runtime.tensor;

/**
 * Factors beside a tensor's stored values, one for each block of {@code blockRows} x {@code blockCols} of them: the
 * element's value is what is stored times its block's factor. One factor for the whole tensor is one block as large.
 *
 * @param factors F32 [ceil(rows / blockRows), ceil(cols / blockCols)]
 */
public record Scales(Tensor factors, int blockRows, int blockCols) {
    public Scales {
        if (factors.dtype() != DType.F32 || blockRows < 1 || blockCols < 1) {
            throw new IllegalArgumentException("scales " + factors + " for blocks of " + blockRows + " x " + blockCols
                    + " elements; F32 is needed");
        }
    }

    public float at(long row, long col) {
        return Memory.f32(factors.address() + 4 * (row / blockRows * factors.cols() + col / blockCols));
    }

    boolean fit(int rows, int cols) {
        return factors.rows() == Math.ceilDiv(rows, blockRows) && factors.cols() == Math.ceilDiv(cols, blockCols);
    }

    /** The factors of rows {@code [from, from+count)}, which must begin where a block does. */
    Scales slice(int from, int count) {
        if (factors.rows() == 1 && from + count <= blockRows) {
            return this;
        }
        if (from % blockRows != 0) {
            throw new IllegalArgumentException(
                    "row " + from + " lies inside a block of " + blockRows + " rows that share a scale");
        }
        return new Scales(factors.slice(from / blockRows, Math.ceilDiv(count, blockRows)), blockRows, blockCols);
    }
}
