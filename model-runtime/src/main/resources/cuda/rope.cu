// (a, b) -> (a cos - b sin, b cos + a sin) for the pairs (i, i + half) of every head, by the angle of the row's position
// (Su et al. 2021). The table holds `half` cosines and then `half` sines per position. What of a head's `size` elements is
// behind its pairs is copied. One block per row.
#include "common.cuh"

ROW_KERNEL(rope, const float* x, const int* positions, const float* table, int half, int size, int cols, float* y) {
    const float* cosines = table + (long long)positions[blockIdx.x] * 2 * half;
    const float* sines = cosines + half;
    const float* in = x + (long long)blockIdx.x * cols;
    float* out = y + (long long)blockIdx.x * cols;
    int steps = size - half;
    for (int i = threadIdx.x; i < cols / size * steps; i += blockDim.x) {
        int step = i % steps;
        int low = i / steps * size + step;
        if (step >= half) {
            out[low + half] = in[low + half];
            continue;
        }
        float a = in[low];
        float b = in[low + half];
        out[low] = a * cosines[step] - b * sines[step];
        out[low + half] = b * cosines[step] + a * sines[step];
    }
}
