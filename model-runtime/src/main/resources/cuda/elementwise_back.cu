// The ways back through what is done element by element, one thread per element. What is named d... beside dy is added to.
#include "common.cuh"

#define ELEMENT (blockIdx.x * (long long)blockDim.x + threadIdx.x)

// dx += factor * dy
KERNEL(add_scaled, const float* dy, float factor, long long count, float* dx) {
    long long i = ELEMENT;
    if (i < count) {
        dx[i] += factor * dy[i];
    }
}

// dx += dy * the factor of the column
KERNEL(columns_back, const float* factors, const float* dy, int cols, long long count, float* dx) {
    long long i = ELEMENT;
    if (i < count) {
        dx[i] += dy[i] * factors[i % cols];
    }
}

// Through y = cap * tanh(x / cap)
KERNEL(soft_cap_back, const float* y, float cap, const float* dy, long long count, float* dx) {
    long long i = ELEMENT;
    if (i < count) {
        float t = y[i] / cap;
        dx[i] += dy[i] * (1.0f - t * t);
    }
}

// Through y = silu(gate) * up
KERNEL(swiglu_back, const float* gate, const float* up, const float* dy, long long count, float* d_gate, float* d_up) {
    long long i = ELEMENT;
    if (i < count) {
        float g = gate[i];
        float d = dy[i];
        float sigmoid = 1.0f / (1.0f + expf(-g));
        d_gate[i] += d * up[i] * sigmoid * (1.0f + g * (1.0f - sigmoid));
        d_up[i] += d * g * sigmoid;
    }
}

// GELU and its derivative in both forms (Hendrycks and Gimpel 2016, sec. 2)
struct Gelu {
    float value;
    float slope;
};

static __device__ __forceinline__ Gelu by_erf(float x) {
    float normal = 0.5f * erfcf(-0.70710678f * x);
    return {x * normal, normal + x * 0.39894228f * expf(-0.5f * x * x)};
}

static __device__ __forceinline__ Gelu by_tanh(float x) {
    float s = 1.0f / (1.0f + expf(-1.5957691216f * x * (1.0f + 0.044715f * x * x)));
    return {x * s, s + x * s * (1.0f - s) * 1.5957691216f * (1.0f + 3.0f * 0.044715f * x * x)};
}

#define GELU_BACK(form)                                                                                              \
    KERNEL(gelu_##form##_back, const float* x, const float* dy, long long count, float* dx) {                        \
        long long i = ELEMENT;                                                                                       \
        if (i < count) {                                                                                             \
            dx[i] += dy[i] * by_##form(x[i]).slope;                                                                  \
        }                                                                                                            \
    }                                                                                                                \
    KERNEL(geglu_##form##_back, const float* gate, const float* up, const float* dy, long long count, float* d_gate, \
           float* d_up) {                                                                                            \
        long long i = ELEMENT;                                                                                       \
        if (i < count) {                                                                                             \
            Gelu g = by_##form(gate[i]);                                                                             \
            d_gate[i] += dy[i] * up[i] * g.slope;                                                                    \
            d_up[i] += dy[i] * g.value;                                                                              \
        }                                                                                                            \
    }

GELU_BACK(erf)
GELU_BACK(tanh)
