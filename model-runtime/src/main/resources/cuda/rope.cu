// (a, b) -> (a cos - b sin, b cos + a sin) for the pairs (i, i + half) of every head, by the angle of the row's position
// (Su et al. 2021). The table holds `half` cosines and then `half` sines per position. One block per row.
#include "common.cuh"

KERNEL(rope, const float* x, const int* positions, const float* table, int half, int cols, float* y) {
    const float* cosines = table + (long long)positions[blockIdx.x] * 2 * half;
    const float* sines = cosines + half;
    const float* in = x + (long long)blockIdx.x * cols;
    float* out = y + (long long)blockIdx.x * cols;
    for (int i = threadIdx.x; i < cols / 2; i += blockDim.x) {
        int pair = i % half;
        int low = i / half * 2 * half + pair;
        float a = in[low];
        float b = in[low + half];
        out[low] = a * cosines[pair] - b * sines[pair];
        out[low + half] = b * cosines[pair] + a * sines[pair];
    }
}
