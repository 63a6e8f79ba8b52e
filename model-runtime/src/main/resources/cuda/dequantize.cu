// Rows of stored weights as BF16, for a matrix product by tensor cores. One thread per group of eight elements.
#include "common.cuh"
#include "stored.cuh"

template <class Format>
__device__ __forceinline__ void dequantize(
    const u8* weight, long long row_bytes, Factors factors, int first_row, int k, u16* y) {
    int n = first_row + blockIdx.y;
    const u8* row = weight + n * row_bytes;
    u16* out = y + (long long)blockIdx.y * k;
    int g = blockIdx.x * blockDim.x + threadIdx.x;
    if (k % 8 == 0) {
        if (g < k / 8) {
            Eight e = Format::eight(row, g);
            float factor = factors.at(n, e.first);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                out[e.first + i] = to_bf16(e.value[i] * factor);
                out[e.second + i] = to_bf16(e.value[4 + i] * factor);
            }
        }
    } else if constexpr (Format::plain) {
        for (int i = 8 * g; i < 8 * g + 8 && i < k; i++) {
            out[i] = to_bf16(Format::one(row, i) * factors.at(n, i));
        }
    }
}

#define DEQUANTIZE(name, Format)                                                                                   \
    KERNEL(dequantize_##name, const u8* weight, long long row_bytes, const float* factor, int factor_rows,         \
           int factor_cols, int factors_across, int first_row, int k, u16* y) {                                    \
        dequantize<Format>(weight, row_bytes, {factor, factor_rows, factor_cols, factors_across}, first_row, k, y); \
    }

EVERY_FORMAT(DEQUANTIZE)
