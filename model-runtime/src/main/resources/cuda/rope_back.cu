// The way back through a rotation is the rotation by the opposite angle: dx += (a cos + b sin, b cos - a sin) for the
// pairs (a, b) of dy; what is behind a head's pairs is added as it is. The table is that of the way forward. One block
// per row.
#include "common.cuh"

ROW_KERNEL(rope_back, const float* dy, const int* positions, const float* table, int half, int size, int cols,
           float* dx) {
    const float* cosines = table + (long long)positions[blockIdx.x] * 2 * half;
    const float* sines = cosines + half;
    const float* in = dy + (long long)blockIdx.x * cols;
    float* out = dx + (long long)blockIdx.x * cols;
    int steps = size - half;
    for (int i = threadIdx.x; i < cols / size * steps; i += blockDim.x) {
        int step = i % steps;
        int low = i / steps * size + step;
        if (step >= half) {
            out[low + half] += in[low + half];
            continue;
        }
        float a = in[low];
        float b = in[low + half];
        out[low] += a * cosines[step] + b * sines[step];
        out[low + half] += b * cosines[step] - a * sines[step];
    }
}
