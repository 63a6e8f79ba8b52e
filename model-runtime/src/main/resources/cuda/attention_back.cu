// The way back through attention over whole sequences (Dao 2022, app. B): with P = softmax of the capped scores,
// dS = P (dP - delta), where dP = dy . v and delta = dy . y. Scores are computed again, a tile of queries beside a tile of
// keys at a time. Every sum has one thread and one order: dq is summed by the block of its queries, dk and dv by that of
// their keys. Eight threads share a row of a block's tile, which has as many rows as that makes.
#include "common.cuh"
#include "attention_back.cuh"

#define SHARERS 8

// Rows of one head, `across` elements apart, zeros behind the last.
static __device__ __forceinline__ void bring(
    float* to, const float* from, int row, int count, int rows, int size, long long across) {
    for (int i = threadIdx.x; i < rows * size; i += blockDim.x) {
        int r = i / size;
        to[r * (size + 1) + i % size] = r < count ? from[(row + r) * across + i % size] : 0.0f;
    }
}

static __device__ __forceinline__ float dot(const float* a, const float* b, int size) {
    float sum = 0.0f;
    for (int i = 0; i < size; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

// dq, and for every row and head log(sum(exp(score))) and delta. A block for a tile of queries of a head.
template <int PARTS>
static __device__ __forceinline__ void queries_back(
    const float* q, const float* k, const float* v, const float* y, const float* dy, const int* tiles, Shape shape,
    float* logs, float* deltas, float* dq) {
    DYNAMIC_SHARED(float, shared);
    int size = shape.size;
    int width = size + 1;
    int rows = blockDim.x / SHARERS;
    float* queries = shared;
    float* above = queries + rows * width;
    float* keys = above + rows * width;
    float* values = keys + rows * width;
    float* slopes = values + rows * width;
    Tile tile = tile_of(tiles);
    int head = blockIdx.y;
    long long across = (long long)shape.heads * size;
    long long kv_across = across / shape.group;
    const float* k_head = k + head / shape.group * size;
    const float* v_head = v + head / shape.group * size;
    int mine = threadIdx.x / SHARERS;
    int part = threadIdx.x % SHARERS;
    bool taken = mine < tile.rows;
    int first = shape.first(tile.at + mine);
    int end = taken ? shape.end(tile.at + mine, tile.length) : 0;
    int lowest = shape.first(tile.at);
    int highest = shape.end(tile.at + tile.rows - 1, tile.length);
    bring(queries, q + head * size, tile.row, tile.rows, rows, size, across);
    bring(above, dy + head * size, tile.row, tile.rows, rows, size, across);

    float best = minus_infinity();
    float sum = 0.0f;
    float slope;
    for (int from = lowest; from < highest; from += rows) {
        __syncthreads();
        bring(keys, k_head, tile.start + from, min(rows, tile.length - from), rows, size, kv_across);
        __syncthreads();
        for (int j = part; j < rows; j += SHARERS) {
            if (from + j >= first && from + j < end) {
                float score = score_of(dot(queries + mine * width, keys + j * width, size), shape, &slope);
                float top = fmaxf(best, score);
                sum = sum * weight_of(best, top) + expf(score - top);
                best = top;
            }
        }
    }
    float delta = 0.0f;
    long long at = (long long)(tile.row + mine) * shape.heads + head;
    for (int d = part; taken && d < size; d += SHARERS) {
        delta += above[mine * width + d] * y[at * size + d];
    }
    for (int step = 1; step < SHARERS; step *= 2) {
        float other = __shfl_xor_sync(ALL_LANES, best, step);
        float others = __shfl_xor_sync(ALL_LANES, sum, step);
        float top = fmaxf(best, other);
        sum = sum * weight_of(best, top) + others * weight_of(other, top);
        best = top;
        delta += __shfl_xor_sync(ALL_LANES, delta, step);
    }
    // All that share a row go on with the sum of one of them.
    float log = __shfl_sync(ALL_LANES, best + logf(sum), threadIdx.x % LANES / SHARERS * SHARERS);
    if (taken && part == 0) {
        logs[at] = log;
        deltas[at] = delta;
    }

    float found[PARTS];
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        found[p] = 0.0f;
    }
    for (int from = lowest; from < highest; from += rows) {
        __syncthreads();
        int count = min(rows, tile.length - from);
        bring(keys, k_head, tile.start + from, count, rows, size, kv_across);
        bring(values, v_head, tile.start + from, count, rows, size, kv_across);
        __syncthreads();
        for (int j = part; j < rows; j += SHARERS) {
            float result = 0.0f;
            if (from + j >= first && from + j < end) {
                float score = score_of(dot(queries + mine * width, keys + j * width, size), shape, &slope);
                float d = dot(above + mine * width, values + j * width, size);
                result = expf(score - log) * (d - delta) * slope;
            }
            slopes[mine * (rows + 1) + j] = result;
        }
        __syncthreads();
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
            int d = part + SHARERS * p;
            if (d < size) {
                float value = found[p];
                for (int j = 0; j < rows; j++) {
                    value += slopes[mine * (rows + 1) + j] * keys[j * width + d];
                }
                found[p] = value;
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        int d = part + SHARERS * p;
        if (taken && d < size) {
            dq[at * size + d] += found[p];
        }
    }
}

// dk and dv, from what queries_back left. A block for a tile of keys of a key-value head.
template <int PARTS>
static __device__ __forceinline__ void keys_back(
    const float* q, const float* k, const float* v, const float* dy, const int* tiles, Shape shape, const float* logs,
    const float* deltas, float* dk, float* dv) {
    DYNAMIC_SHARED(float, shared);
    int size = shape.size;
    int width = size + 1;
    int rows = blockDim.x / SHARERS;
    float* keys = shared;
    float* values = keys + rows * width;
    float* queries = values + rows * width;
    float* above = queries + rows * width;
    float* weights = above + rows * width;
    float* slopes = weights + rows * (rows + 1);
    Tile tile = tile_of(tiles);
    long long across = (long long)shape.heads * size;
    long long kv_across = across / shape.group;
    int mine = threadIdx.x / SHARERS;
    int part = threadIdx.x % SHARERS;
    int key = tile.at + mine;
    bool taken = mine < tile.rows;
    int last = tile.at + tile.rows - 1;
    int lowest = shape.causal ? tile.at : shape.window > 0 ? max(0, tile.at - shape.window + 1) : 0;
    int highest = shape.window > 0 ? min(tile.length, last + shape.window) : tile.length;
    bring(keys, k + blockIdx.y * size, tile.row, tile.rows, rows, size, kv_across);
    bring(values, v + blockIdx.y * size, tile.row, tile.rows, rows, size, kv_across);
    float found_key[PARTS];
    float found_value[PARTS];
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        found_key[p] = 0.0f;
        found_value[p] = 0.0f;
    }
    for (int head = blockIdx.y * shape.group; head < (blockIdx.y + 1) * shape.group; head++) {
        for (int from = lowest; from < highest; from += rows) {
            __syncthreads();
            int count = min(rows, tile.length - from);
            bring(queries, q + head * size, tile.start + from, count, rows, size, across);
            bring(above, dy + head * size, tile.start + from, count, rows, size, across);
            __syncthreads();
            for (int j = part; j < rows; j += SHARERS) {
                int at = from + j;
                float weight = 0.0f;
                float result = 0.0f;
                if (taken && j < count && key >= shape.first(at) && key < shape.end(at, tile.length)) {
                    long long place = (long long)(tile.start + at) * shape.heads + head;
                    float slope;
                    float score = score_of(dot(queries + j * width, keys + mine * width, size), shape, &slope);
                    weight = expf(score - logs[place]);
                    float d = dot(above + j * width, values + mine * width, size);
                    result = weight * (d - deltas[place]) * slope;
                }
                weights[mine * (rows + 1) + j] = weight;
                slopes[mine * (rows + 1) + j] = result;
            }
            __syncthreads();
#pragma unroll
            for (int p = 0; p < PARTS; p++) {
                int d = part + SHARERS * p;
                if (d < size) {
                    float of_key = found_key[p];
                    float of_value = found_value[p];
                    for (int j = 0; j < rows; j++) {
                        of_key += slopes[mine * (rows + 1) + j] * queries[j * width + d];
                        of_value += weights[mine * (rows + 1) + j] * above[j * width + d];
                    }
                    found_key[p] = of_key;
                    found_value[p] = of_value;
                }
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        int d = part + SHARERS * p;
        if (taken && d < size) {
            long long at = (tile.row + mine) * kv_across + blockIdx.y * size + d;
            dk[at] += found_key[p];
            dv[at] += found_value[p];
        }
    }
}

ATTENTION_BACK(8)
ATTENTION_BACK(16)
ATTENTION_BACK(32)
