// Several new tokens of a sequence over its pages: softmax(scale * q . k) . v, 32 queries of a head at a time, page after
// page with a running maximum and sum (Dao et al. 2022, algorithm 1). Four threads share a query.
#include "common.cuh"
#include "cache.cuh"

#define SHARERS 4

// tiles: first row, rows, position of the first, keys of the sequence, place of its table.
template <class Store, int PARTS>
__device__ __forceinline__ void prefill(
    const float* q, const int* tiles, const int* tables, Cache cache, int heads, int group,
    int size, float scale, int window, float cap, int causal, float* y) {
    DYNAMIC_SHARED(float, shared);
    int width = size + 1;
    float* queries = shared;
    float* page_of = queries + TILE * width;
    float* weights = page_of + PAGE * width;
    const int* tile = tiles + 5 * blockIdx.x;
    int row = tile[0];
    int rows = tile[1];
    int position = tile[2];
    int keys = tile[3];
    const int* table = tables + tile[4];
    int head = blockIdx.y;
    int mine = threadIdx.x / SHARERS;
    int part = threadIdx.x % SHARERS;

    for (int i = threadIdx.x; i < TILE * size; i += blockDim.x) {
        int r = i / size;
        queries[r * width + i % size] =
            r < rows ? scale * q[((long long)(row + r) * heads + head) * size + i % size] : 0.0f;
    }
    int at = position + mine;
    int first = window > 0 ? max(0, at - window + 1) : 0;
    int end = causal ? min(at + 1, keys) : window > 0 ? min(keys, at + window) : keys;
    int lowest = window > 0 ? max(0, position - window + 1) : 0;
    int last = position + rows - 1;
    int highest = causal ? last + 1 : window > 0 ? min(keys, last + window) : keys;

    float best = minus_infinity();
    float sum = 0.0f;
    float found[PARTS];
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        found[p] = 0.0f;
    }
    for (int page = lowest / PAGE; page * PAGE < highest; page++) {
        long long base = table[page] * cache.page + head / group * cache.head;
        int tokens = min(PAGE, keys - page * PAGE);
        __syncthreads();
        for (int i = threadIdx.x; i < PAGE * size; i += blockDim.x) {
            int t = i / size;
            page_of[t * width + i % size] =
                t < tokens ? Store::get(cache.keys + base + (long long)t * cache.token, i % size) : 0.0f;
        }
        __syncthreads();
        float score[PAGE / SHARERS];
        float top = best;
#pragma unroll
        for (int j = 0; j < PAGE / SHARERS; j++) {
            int t = part + SHARERS * j;
            float dot = 0.0f;
            for (int d = 0; d < size; d++) {
                dot += queries[mine * width + d] * page_of[t * width + d];
            }
            bool seen = page * PAGE + t >= first && page * PAGE + t < end;
            score[j] = seen ? capped(dot, cap) : minus_infinity();
            top = fmaxf(top, score[j]);
        }
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
        float shrink = weight_of(best, top);
        best = top;
        sum *= shrink;
#pragma unroll
        for (int j = 0; j < PAGE / SHARERS; j++) {
            score[j] = weight_of(score[j], top);
            sum += score[j];
            weights[mine * (PAGE + 1) + part + SHARERS * j] = score[j];
        }
        __syncthreads();
        for (int i = threadIdx.x; i < PAGE * size; i += blockDim.x) {
            int t = i / size;
            page_of[t * width + i % size] =
                t < tokens ? Store::get(cache.values + base + (long long)t * cache.token, i % size) : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
            int d = part + SHARERS * p;
            if (d < size) {
                float value = found[p] * shrink;
#pragma unroll 4
                for (int t = 0; t < PAGE; t++) {
                    value += weights[mine * (PAGE + 1) + t] * page_of[t * width + d];
                }
                found[p] = value;
            }
        }
    }
    sum += __shfl_xor_sync(ALL_LANES, sum, 1);
    sum += __shfl_xor_sync(ALL_LANES, sum, 2);
    if (mine < rows) {
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
            int d = part + SHARERS * p;
            if (d < size) {
                y[((long long)(row + mine) * heads + head) * size + d] = found[p] / sum;
            }
        }
    }
}

#define PREFILL(name, Store, PARTS)                                                                                \
    KERNEL(prefill_##name##_##PARTS, const float* q, const int* tiles, const int* tables, u8* keys, u8* values,    \
           long long page, long long head, int token, int heads, int group, int size, float scale, int window,     \
           float cap, int causal, float* y) {                                                                      \
        prefill<Store, PARTS>(q, tiles, tables, {keys, values, page, head, token}, heads, group, size, scale,      \
                              window, cap, causal, y);                                                             \
    }

#define PREFILLS(name, Store) PREFILL(name, Store, 16) PREFILL(name, Store, 32) PREFILL(name, Store, 64)

EVERY_STORE(PREFILLS)
