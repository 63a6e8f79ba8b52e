// y[i] = table[id[i]], decoded to F32. One block per row.
#include "common.cuh"
#include "stored.cuh"

template <class Format>
__device__ __forceinline__ void gather(
    const u8* table, long long row_bytes, Factors factors, const int* ids, int width, float* y) {
    int id = ids[blockIdx.x];
    const u8* row = table + id * row_bytes;
    float* out = y + (long long)blockIdx.x * width;
    if (width % 8 == 0) {
        for (int g = threadIdx.x; g < width / 8; g += blockDim.x) {
            Eight e = Format::eight(row, g);
            float factor = factors.at(id, e.first);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                out[e.first + i] = e.value[i] * factor;
                out[e.second + i] = e.value[4 + i] * factor;
            }
        }
    } else if constexpr (Format::plain) {
        for (int i = threadIdx.x; i < width; i += blockDim.x) {
            out[i] = Format::one(row, i) * factors.at(id, i);
        }
    }
}

#define EMBEDDING(name, Format)                                                                                  \
    ROW_KERNEL(embedding_##name, const u8* table, long long row_bytes, const float* factor, int factor_rows,         \
           int factor_cols, int factors_across, const int* ids, int width, float* y) {                           \
        gather<Format>(table, row_bytes, {factor, factor_rows, factor_cols, factors_across}, ids, width, y);     \
    }

EVERY_FORMAT(EMBEDDING)
