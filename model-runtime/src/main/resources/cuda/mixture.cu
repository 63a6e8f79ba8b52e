// The routing of a mixture: for each row the `top` experts of the highest scores, of equal ones the first, and their
// softmax probabilities, among all experts or, normalized, among the chosen. One warp per row.
#include "common.cuh"

KERNEL(route, const float* scores, int experts, int top, int normalized, int* chosen, float* weights) {
    DYNAMIC_SHARED(float, left);
    const float* row = scores + (long long)blockIdx.x * experts;
    int lane = threadIdx.x;
    float best = minus_infinity();
    for (int e = lane; e < experts; e += LANES) {
        left[e] = row[e];
        best = fmaxf(best, row[e]);
    }
    best = warp_max(best);
    float all = 0.0f;
    for (int e = lane; e < experts; e += LANES) {
        all += expf(row[e] - best);
    }
    all = warp_sum(all);
    float picked = 0.0f;
    for (int t = 0; t < top; t++) {
        float value = minus_infinity();
        int index = experts;
        for (int e = lane; e < experts; e += LANES) {
            if (left[e] > value) {
                value = left[e];
                index = e;
            }
        }
        for (int step = LANES / 2; step > 0; step /= 2) {
            float other = __shfl_xor_sync(ALL_LANES, value, step);
            int where = __shfl_xor_sync(ALL_LANES, index, step);
            if (other > value || (other == value && where < index)) {
                value = other;
                index = where;
            }
        }
        picked += expf(value - best);
        if (index % LANES == lane && index < experts) {
            left[index] = minus_infinity();
        }
        if (lane == 0) {
            chosen[blockIdx.x * top + t] = index;
            weights[blockIdx.x * top + t] = expf(value - best);
        }
    }
    float sum = normalized ? picked : all;
    if (lane == 0) {
        for (int t = 0; t < top; t++) {
            weights[blockIdx.x * top + t] /= sum;
        }
    }
}

// y[row] = sum over its choices of weight * x[choice]; one block per row.
ROW_KERNEL(weighted_sum, const float* x, const float* weights, int top, int cols, float* y) {
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        float sum = 0.0f;
        for (int t = 0; t < top; t++) {
            int p = blockIdx.x * top + t;
            sum += weights[p] * x[(long long)p * cols + i];
        }
        y[(long long)blockIdx.x * cols + i] = sum;
    }
}

// y[row[i]] += weight[i] * x[i]; no two rows are equal. One block per row of x.
ROW_KERNEL(scatter_add, const float* x, const int* row, const float* weight, int cols, float* y) {
    float* out = y + (long long)row[blockIdx.x] * cols;
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        out[i] += weight[blockIdx.x] * x[(long long)blockIdx.x * cols + i];
    }
}
