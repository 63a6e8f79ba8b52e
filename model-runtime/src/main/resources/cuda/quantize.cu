// Activations as E4M3 with scales, for products in eight bits: x is about y * scale. Rows are a multiple of 16 long, so
// that a thread takes four elements at once.
#include "common.cuh"

#define E4M3_MAX 448.0f

__device__ __forceinline__ float largest_of(float4 four) {
    return fmaxf(fmaxf(fabsf(four.x), fabsf(four.y)), fmaxf(fabsf(four.z), fabsf(four.w)));
}

// What elements are multiplied by to be stored; where all are next to nothing, nothing is stored.
__device__ __forceinline__ float inverse_scale(float largest) {
    return largest > 1e-30f ? E4M3_MAX / largest : 0.0f;
}

__device__ __forceinline__ u32 rounded(float4 four, float by) {
    return (u32)to_e4m3(four.x * by) | (u32)to_e4m3(four.y * by) << 8 | (u32)to_e4m3(four.z * by) << 16
        | (u32)to_e4m3(four.w * by) << 24;
}

// A scale for every `width` elements of a row, at scales[piece * padded + row]; rows from `rows` to `padded` become
// zeros. One warp per piece of a row.
KERNEL(quantize_rows, const float* x, int rows, int padded, int k, int width, u8* y, float* scales) {
    int row = blockIdx.x;
    int piece = blockIdx.y * (blockDim.x / LANES) + threadIdx.x / LANES;
    int from = piece * width;
    if (from >= k) {
        return;
    }
    int to = min(from + width, k);
    const float* in = x + (long long)row * k;
    u8* out = y + (long long)row * k;
    float largest = 0.0f;
    for (int i = from + threadIdx.x % LANES * 4; row < rows && i < to; i += 4 * LANES) {
        largest = fmaxf(largest, largest_of(*reinterpret_cast<const float4*>(in + i)));
    }
    largest = warp_max(largest);
    float by = inverse_scale(largest);
    for (int i = from + threadIdx.x % LANES * 4; i < to; i += 4 * LANES) {
        *reinterpret_cast<u32*>(out + i) = row < rows ? rounded(*reinterpret_cast<const float4*>(in + i), by) : 0;
    }
    if (threadIdx.x % LANES == 0) {
        scales[(long long)piece * padded + row] = largest / E4M3_MAX;
    }
}
