// Sums over rows, as gradients of weights and biases are: first of so many rows at a time, then of those sums in their
// order, so that a sum is always added up alike. A thread for each column.
#include "common.cuh"

// partial[block row] = the sum over its rows of a * (b - shift) * factor, the last two of the row; b, shifts and factors
// may be none.
KERNEL(sum_rows, const float* a, const float* b, const float* shifts, const float* factors, int rows, int cols,
       int together, float* partial) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    if (col >= cols) {
        return;
    }
    int from = blockIdx.y * together;
    int to = min(rows, from + together);
    float sum = 0.0f;
    for (int row = from; row < to; row++) {
        float value = a[(long long)row * cols + col];
        if (b != nullptr) {
            float other = b[(long long)row * cols + col];
            value *= shifts == nullptr ? other : other - shifts[row];
        }
        sum += factors == nullptr ? value : value * factors[row];
    }
    partial[(long long)blockIdx.y * cols + col] = sum;
}

// out += the partial sums
KERNEL(add_partial, const float* partial, int count, int cols, float* out) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    if (col >= cols) {
        return;
    }
    float sum = 0.0f;
    for (int i = 0; i < count; i++) {
        sum += partial[(long long)i * cols + col];
    }
    out[col] += sum;
}
