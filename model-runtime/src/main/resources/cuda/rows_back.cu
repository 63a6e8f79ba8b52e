// The ways back through rows that were picked, and through means of rows.
#include "common.cuh"

// out[target] += weight * y[row] over all rows that go to a target, in their order: `order` lists the rows by target,
// those of target i from starts[i] to starts[i + 1]. Weights may be none. A block for a piece of each target's row.
KERNEL(add_rows, const float* y, const int* order, const int* starts, const int* targets, const float* weights,
       int cols, float* out) {
    int col = blockIdx.y * blockDim.x + threadIdx.x;
    if (col >= cols) {
        return;
    }
    float* to = out + (long long)targets[blockIdx.x] * cols + col;
    float sum = *to;
    for (int i = starts[blockIdx.x]; i < starts[blockIdx.x + 1]; i++) {
        int row = order[i];
        float value = y[(long long)row * cols + col];
        sum += weights == nullptr ? value : weights[row] * value;
    }
    *to = sum;
}

// The way back through it: how the loss changes with each weight, and dy += weight * d_out[target]; dy may be none. One
// block per row.
ROW_KERNEL(weighted_rows, const float* y, const int* targets, const float* weights, const float* d_out, int cols,
           float* d_weights, float* dy) {
    const float* in = y + (long long)blockIdx.x * cols;
    const float* above = d_out + (long long)targets[blockIdx.x] * cols;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        sum += in[i] * above[i];
        if (dy != nullptr) {
            dy[(long long)blockIdx.x * cols + i] += weights[blockIdx.x] * above[i];
        }
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        d_weights[blockIdx.x] = sum;
    }
}

// dx[row] += dy[span] / rows of the span, for the spans between one end and the next. One block per span.
ROW_KERNEL(means_back, const float* dy, const int* ends, int cols, float* dx) {
    int from = blockIdx.x == 0 ? 0 : ends[blockIdx.x - 1];
    int to = ends[blockIdx.x];
    float share = 1.0f / (float)(to - from);
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        float value = share * dy[(long long)blockIdx.x * cols + i];
        for (int row = from; row < to; row++) {
            dx[(long long)row * cols + i] += value;
        }
    }
}
