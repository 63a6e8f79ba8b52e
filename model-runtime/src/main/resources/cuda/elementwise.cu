// One thread per element: sums, factors, caps, gates, rows picked, rows added.
#include "common.cuh"

#define ELEMENT (blockIdx.x * (long long)blockDim.x + threadIdx.x)

// y = a + b
KERNEL(add, const float* a, const float* b, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = a[i] + b[i];
    }
}

// y = factor * x
KERNEL(scale, const float* x, float factor, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = factor * x[i];
    }
}

// y = x * factor + bias, both of the column, the second perhaps none
KERNEL(columns, const float* x, const float* factors, const float* bias, int cols, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = x[i] * factors[i % cols] + (bias == nullptr ? 0.0f : bias[i % cols]);
    }
}

// y = cap * tanh(x / cap)
KERNEL(soft_cap, const float* x, float cap, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = cap * tanhf(x[i] / cap);
    }
}

// y = silu(gate) * up
KERNEL(swiglu, const float* gate, const float* up, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
    }
}

// The two forms of GELU (Hendrycks and Gimpel 2016, sec. 2)
static __device__ __forceinline__ float gelu_by_erf(float x) {
    return 0.5f * x * erfcf(-0.70710678f * x);
}

static __device__ __forceinline__ float gelu_by_tanh(float x) {
    return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}

// y = gelu(x)
KERNEL(gelu_erf, const float* x, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = gelu_by_erf(x[i]);
    }
}

KERNEL(gelu_tanh, const float* x, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = gelu_by_tanh(x[i]);
    }
}

// y = gelu(gate) * up
KERNEL(geglu_erf, const float* gate, const float* up, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = gelu_by_erf(gate[i]) * up[i];
    }
}

KERNEL(geglu_tanh, const float* gate, const float* up, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = gelu_by_tanh(gate[i]) * up[i];
    }
}

// y = the mean of the rows between one end and the next, one block per span
ROW_KERNEL(means, const float* x, const int* ends, int cols, float* y) {
    int from = blockIdx.x == 0 ? 0 : ends[blockIdx.x - 1];
    int to = ends[blockIdx.x];
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        float sum = 0.0f;
        for (int row = from; row < to; row++) {
            sum += x[(long long)row * cols + i];
        }
        y[(long long)blockIdx.x * cols + i] = sum / (float)(to - from);
    }
}

// y = x[row], one block per row
ROW_KERNEL(rows, const float* x, const int* picked, int cols, float* y) {
    const float* in = x + (long long)picked[blockIdx.x] * cols;
    float* out = y + (long long)blockIdx.x * cols;
    for (int i = threadIdx.x; i < cols; i += blockDim.x) {
        out[i] = in[i];
    }
}

// y = x + bias, the bias repeated for every row of `cols`
KERNEL(add_bias, const float* bias, int cols, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] += bias[i % cols];
    }
}

// y = x * scale + bias, the scale of the row, the bias of the column or none
KERNEL(scale_rows, const float* scales, const float* bias, int cols, long long count, float* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = y[i] * scales[i / cols] + (bias == nullptr ? 0.0f : bias[i % cols]);
    }
}

KERNEL(to_bf16_elements, const float* x, long long count, u16* y) {
    long long i = ELEMENT;
    if (i < count) {
        y[i] = to_bf16(x[i]);
    }
}
