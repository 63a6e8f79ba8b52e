// -log softmax(logits)[target] of every row, and its way back: d = weight * (softmax - one-hot), written, not added; d may
// be the logits themselves, or none. One block per row.
#include "common.cuh"

ROW_KERNEL(cross_entropy, const float* logits, const int* targets, const float* weights, int classes, float* losses,
           float* d) {
    const float* in = logits + (long long)blockIdx.x * classes;
    int target = targets[blockIdx.x];
    float wanted = in[target];
    float top = minus_infinity();
    for (int i = threadIdx.x; i < classes; i += blockDim.x) {
        top = fmaxf(top, in[i]);
    }
    top = block_max(top);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < classes; i += blockDim.x) {
        sum += expf(in[i] - top);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = top + logf(sum) - wanted;
    }
    if (d == nullptr) {
        return;
    }
    float* out = d + (long long)blockIdx.x * classes;
    float weight = weights[blockIdx.x];
    for (int i = threadIdx.x; i < classes; i += blockDim.x) {
        out[i] = weight * (expf(in[i] - top) / sum - (i == target ? 1.0f : 0.0f));
    }
}
