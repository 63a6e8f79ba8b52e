// y = x . weight^T + bias for up to eight rows of x, the weights decoded as they are read: time is that of reading them
// once. One warp per row of the weights; its lanes take groups of eight elements in turn.
#include "common.cuh"
#include "stored.cuh"

template <class Format, int ROWS>
__device__ __forceinline__ void products(
    const u8* row, int n, Factors factors, const float* x, int rows, int k, float* sums) {
    int lane = threadIdx.x % LANES;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        sums[r] = 0.0f;
    }
    if (k % 8 == 0) {
        for (int g = lane; g < k / 8; g += LANES) {
            Eight e = Format::eight(row, g);
            float factor = factors.at(n, e.first);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                if (r < rows) {
                    float4 a = *reinterpret_cast<const float4*>(x + (long long)r * k + e.first);
                    float4 b = *reinterpret_cast<const float4*>(x + (long long)r * k + e.second);
                    sums[r] += factor
                        * (a.x * e.value[0] + a.y * e.value[1] + a.z * e.value[2] + a.w * e.value[3]
                           + b.x * e.value[4] + b.y * e.value[5] + b.z * e.value[6] + b.w * e.value[7]);
                }
            }
        }
    } else if constexpr (Format::plain) {
        for (int i = lane; i < k; i += LANES) {
            float w = Format::one(row, i) * factors.at(n, i);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                if (r < rows) {
                    sums[r] += w * x[(long long)r * k + i];
                }
            }
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        sums[r] = warp_sum(sums[r]);
    }
}

template <class Format, int ROWS>
__device__ __forceinline__ void gemv(const u8* weight, long long row_bytes, Factors factors, const float* x,
                                     const float* bias, int rows, int count, int k, float* y) {
    int n = blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (n >= count) {
        return;
    }
    float sums[ROWS];
    products<Format, ROWS>(weight + n * row_bytes, n, factors, x, rows, k, sums);
    if (threadIdx.x % LANES == 0) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            if (r < rows) {
                y[(long long)r * count + n] = sums[r] + (bias == nullptr ? 0.0f : bias[n]);
            }
        }
    }
}

#define GEMV(name, Format, ROWS)                                                                                    \
    KERNEL(gemv_##name##_##ROWS, const u8* weight, long long row_bytes, const float* factor, int factor_rows,       \
           int factor_cols, int factors_across, const float* x, const float* bias, int rows, int count, int k,      \
           float* y) {                                                                                              \
        gemv<Format, ROWS>(weight, row_bytes, {factor, factor_rows, factor_cols, factors_across}, x, bias, rows,    \
                           count, k, y);                                                                            \
    }

#define GEMVS(name, Format) GEMV(name, Format, 1) GEMV(name, Format, 2) GEMV(name, Format, 4) GEMV(name, Format, 8)

EVERY_FORMAT(GEMVS)

// The same for experts of a mixture, each row of y by the expert chosen for it: row p of y is that of choice p, whose
// input is row p / share of x. Expert e's weights begin at weights[e].
#define CHOSEN_GEMV(name, Format)                                                                                  \
    KERNEL(chosen_gemv_##name, const u8* const* weights, long long row_bytes, const float* const* factor,          \
           int factor_rows, int factor_cols, int factors_across, const int* chosen, const float* x, int share,     \
           int count, int k, float* y) {                                                                           \
        int n = blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;                                           \
        int p = blockIdx.y;                                                                                        \
        if (n >= count) {                                                                                          \
            return;                                                                                                \
        }                                                                                                          \
        int e = chosen[p];                                                                                         \
        Factors factors = {factor == nullptr ? nullptr : factor[e], factor_rows, factor_cols, factors_across};     \
        float sum;                                                                                                 \
        products<Format, 1>(weights[e] + n * row_bytes, n, factors, x + (long long)(p / share) * k, 1, k, &sum);   \
        if (threadIdx.x % LANES == 0) {                                                                            \
            y[(long long)p * count + n] = sum;                                                                     \
        }                                                                                                          \
    }

EVERY_FORMAT(CHOSEN_GEMV)
