// The ways back through norms of groups of `width` elements, one block per group. What the gradients of weights need of a
// group is left for the sums over groups: its factor, and its mean.
#include "common.cuh"

// With r = (mean x^2 + epsilon)^-1/2: dx += r w dy - x r^3 / n sum(w dy x). dx may be none.
ROW_KERNEL(rms_norm_back, const float* x, const float* weight, float epsilon, int width, const float* dy, float* dx,
           float* factors) {
    long long from = (long long)blockIdx.x * width;
    float square = 0.0f;
    float pull = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float value = x[from + i];
        square += value * value;
        pull += weight[i] * dy[from + i] * value;
    }
    float r = 1.0f / sqrtf(block_sum(square) / (float)width + epsilon);
    pull = block_sum(pull) * r * r * r / (float)width;
    for (int i = threadIdx.x; dx != nullptr && i < width; i += blockDim.x) {
        dx[from + i] += weight[i] * dy[from + i] * r - x[from + i] * pull;
    }
    if (threadIdx.x == 0) {
        factors[blockIdx.x] = r;
    }
}

// With n = (x - mean) r and g = w dy: dx += r (g - mean(g) - n mean(g n)). dx may be none.
ROW_KERNEL(layer_norm_back, const float* x, const float* weight, float epsilon, int width, const float* dy, float* dx,
           float* factors, float* means) {
    long long from = (long long)blockIdx.x * width;
    float total = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        total += x[from + i];
    }
    float mean = block_sum(total) / (float)width;
    float square = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        square += (x[from + i] - mean) * (x[from + i] - mean);
    }
    float r = 1.0f / sqrtf(block_sum(square) / (float)width + epsilon);
    float direct = 0.0f;
    float along = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float g = weight[i] * dy[from + i];
        direct += g;
        along += g * (x[from + i] - mean) * r;
    }
    direct = block_sum(direct) / (float)width;
    along = block_sum(along) / (float)width;
    for (int i = threadIdx.x; dx != nullptr && i < width; i += blockDim.x) {
        float normed = (x[from + i] - mean) * r;
        dx[from + i] += r * (weight[i] * dy[from + i] - direct - normed * along);
    }
    if (threadIdx.x == 0) {
        factors[blockIdx.x] = r;
        means[blockIdx.x] = mean;
    }
}
