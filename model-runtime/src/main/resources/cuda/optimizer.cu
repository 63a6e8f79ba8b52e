// What follows the way back: the mean over devices and the sum of squares of gradients, AdamW, and what the network uses of the masters.
#include "common.cuh"

#define ELEMENT (blockIdx.x * (long long)blockDim.x + threadIdx.x)
#define SUMMED 256

// The sum over a block of 256 threads, in the same order each time, in the first of them.
static __device__ __forceinline__ double block_total(double value) {
    __shared__ double sums[SUMMED];
    sums[threadIdx.x] = value;
    __syncthreads();
    for (int step = SUMMED / 2; step > 0; step /= 2) {
        if (threadIdx.x < step) {
            sums[threadIdx.x] += sums[threadIdx.x + step];
        }
        __syncthreads();
    }
    return sums[0];
}

// partial[block] = the sum of squares of its `together` elements, in F64
KERNEL(sum_squares, const float* x, long long count, int together, double* partial) {
    long long from = (long long)blockIdx.x * together;
    long long to = min(count, from + together);
    double sum = 0.0;
    for (long long i = from + threadIdx.x; i < to; i += SUMMED) {
        double value = x[i];
        sum += value * value;
    }
    sum = block_total(sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// The sum of partial sums, by one block
KERNEL(add_squares, const double* partial, int count, double* out) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < count; i += SUMMED) {
        sum += partial[i];
    }
    sum = block_total(sum);
    if (threadIdx.x == 0) {
        *out = sum;
    }
}

// out = the mean of `ranks` runs of `count` elements that lie one after the other, added up in their order
KERNEL(mean_of_ranks, const float* runs, int ranks, long long count, float part, float* out) {
    long long i = ELEMENT;
    if (i >= count) {
        return;
    }
    float sum = 0.0f;
    for (int rank = 0; rank < ranks; rank++) {
        sum = __fadd_rn(sum, runs[rank * count + i]);
    }
    out[i] = __fmul_rn(sum, part);
}

// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): p = keep p - rate m' / (sqrt(v') + epsilon).
// No two operations become one, so that the processor's results are repeated.
KERNEL(adamw, float* p, const float* g, float* m, float* v, long long count, float scale, float beta1, float beta2,
       float unbias1, float unbias2, float epsilon, float rate, float keep) {
    long long i = ELEMENT;
    if (i >= count) {
        return;
    }
    float gradient = __fmul_rn(g[i], scale);
    float mean = __fadd_rn(__fmul_rn(m[i], beta1), __fmul_rn(gradient, 1.0f - beta1));
    float square = __fadd_rn(__fmul_rn(v[i], beta2), __fmul_rn(__fmul_rn(gradient, gradient), 1.0f - beta2));
    m[i] = mean;
    v[i] = square;
    float root = __fadd_rn(__fsqrt_rn(__fmul_rn(square, unbias2)), epsilon);
    float direction = __fdiv_rn(__fmul_rn(mean, unbias1), root);
    p[i] = __fsub_rn(__fmul_rn(p[i], keep), __fmul_rn(direction, rate));
}

// y = x rounded to BF16, as F32
KERNEL(bf16_values, const float* x, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = from_bf16(to_bf16(x[i]));
    }
}
