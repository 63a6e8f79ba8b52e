// y = x / sqrt(mean(x^2) + epsilon) * weight over groups of `width` elements (Zhang and Sennrich 2019, eq. 4).
// One block per group.
#include "common.cuh"

ROW_KERNEL(rms_norm, const float* x, const float* weight, float epsilon, int width, float* y) {
    const float* in = x + (long long)blockIdx.x * width;
    float* out = y + (long long)blockIdx.x * width;
    float square = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        square += in[i] * in[i];
    }
    float scale = 1.0f / sqrtf(block_sum(square) / (float)width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        out[i] = in[i] * scale * weight[i];
    }
}

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over groups of `width` elements (Ba et al. 2016, sec. 3.1);
// no bias where it is 0. One block per group.
ROW_KERNEL(layer_norm, const float* x, const float* weight, const float* bias, float epsilon, int width, float* y) {
    const float* in = x + (long long)blockIdx.x * width;
    float* out = y + (long long)blockIdx.x * width;
    float total = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        total += in[i];
    }
    float mean = block_sum(total) / (float)width;
    float square = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        square += (in[i] - mean) * (in[i] - mean);
    }
    float scale = 1.0f / sqrtf(block_sum(square) / (float)width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float normed = (in[i] - mean) * scale * weight[i];
        out[i] = bias ? normed + bias[i] : normed;
    }
}

// sum = a + b, and y its norm, while the sum is at hand.
ROW_KERNEL(add_rms_norm, const float* a, const float* b, const float* weight, float epsilon, int width, float* sum,
       float* y) {
    long long from = (long long)blockIdx.x * width;
    float square = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float value = a[from + i] + b[from + i];
        sum[from + i] = value;
        square += value * value;
    }
    float scale = 1.0f / sqrtf(block_sum(square) / (float)width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        y[from + i] = sum[from + i] * scale * weight[i];
    }
}
