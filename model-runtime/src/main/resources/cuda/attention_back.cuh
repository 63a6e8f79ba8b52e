// What both ways back through attention share.

struct Shape {
    int heads;
    int group;
    int size;
    float scale;
    int window;
    float cap;
    int causal;
    __device__ __forceinline__ int first(int at) const { return window > 0 ? max(0, at - window + 1) : 0; }
    __device__ __forceinline__ int end(int at, int length) const {
        return causal ? min(at + 1, length) : window > 0 ? min(length, at + window) : length;
    }
};

// First row, rows, place of the first in its sequence, first row of that, its rows.
struct Tile {
    int row;
    int rows;
    int at;
    int start;
    int length;
};

static __device__ __forceinline__ Tile tile_of(const int* tiles) {
    const int* tile = tiles + 5 * blockIdx.x;
    return {tile[0], tile[1], tile[2], tile[3], tile[4]};
}

// The capped score, and how it changes with the product of query and key.
static __device__ __forceinline__ float score_of(float product, const Shape& shape, float* slope) {
    float score = shape.scale * product;
    *slope = shape.scale;
    if (shape.cap > 0.0f) {
        float t = tanhf(score / shape.cap);
        *slope *= 1.0f - t * t;
        score = shape.cap * t;
    }
    return score;
}

static __device__ __forceinline__ float weight_of(float a, float b) {
    return a == minus_infinity() ? 0.0f : expf(a - b);
}

// The kernels over what queries_back and keys_back make of their shape, N: parts of a head, or its elements.
#define ATTENTION_BACK(N)                                                                                             \
    KERNEL(queries_back_##N, const float* q, const float* k, const float* v, const float* y, const float* dy,         \
           const int* tiles, int heads, int group, int size, float scale, int window, float cap, int causal,          \
           float* logs, float* deltas, float* dq) {                                                                   \
        queries_back<N>(q, k, v, y, dy, tiles, {heads, group, size, scale, window, cap, causal}, logs, deltas,        \
                            dq);                                                                                      \
    }                                                                                                                 \
    KERNEL(keys_back_##N, const float* q, const float* k, const float* v, const float* dy, const int* tiles,          \
           int heads, int group, int size, float scale, int window, float cap, int causal, const float* logs,         \
           const float* deltas, float* dk, float* dv) {                                                               \
        keys_back<N>(q, k, v, dy, tiles, {heads, group, size, scale, window, cap, causal}, logs, deltas, dk, dv);     \
    }
