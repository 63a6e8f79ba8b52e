// One new token per sequence over its pages: softmax(scale * q . k) . v (Vaswani et al. 2017, eq. 1), with the queries
// that share a key-value head together, so that keys and values are read once. A sequence's pages are split over blocks
// and, in a block, over four warps. Each lane scores one token of a page; then the lanes share the elements of the
// values. What the warps and blocks found is merged by the logarithm of their sums (Dao et al. 2022, sec. 3).
#include "common.cuh"
#include "cache.cuh"

// decodes: row, keys and place of the table of each.
template <class Store, int GROUP, int PARTS>
__device__ __forceinline__ void decode(
    const float* q, const int* decodes, const int* tables, Cache cache, int heads, int group,
    int size, float scale, int window, float cap, int splits, float* y, float* partial) {
    DYNAMIC_SHARED(float, shared);
    int lane = threadIdx.x % LANES;
    int warp = threadIdx.x / LANES;
    int chunks = (group + GROUP - 1) / GROUP;
    int kv_head = blockIdx.x / chunks;
    int first_head = kv_head * group + blockIdx.x % chunks * GROUP;
    int here = min(GROUP, (kv_head + 1) * group - first_head);
    int row = decodes[3 * blockIdx.y];
    int end = decodes[3 * blockIdx.y + 1];
    const int* table = tables + decodes[3 * blockIdx.y + 2];
    int first = window > 0 ? max(0, end - window) : 0;

    for (int i = threadIdx.x; i < here * size; i += blockDim.x) {
        shared[i] = scale * q[((long long)row * heads + first_head) * size + i];
    }
    __syncthreads();

    int first_page = first / PAGE;
    int pages = (end + PAGE - 1) / PAGE - first_page;
    int share = (pages + splits - 1) / splits;
    int begin = first_page + blockIdx.z * share;
    int stop = min(begin + share, first_page + pages);

    float best[GROUP];
    float sum[GROUP];
    float found[GROUP][PARTS];
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
        best[g] = minus_infinity();
        sum[g] = 0.0f;
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
            found[g][p] = 0.0f;
        }
    }
    for (int page = begin + warp; page < stop; page += WARPS) {
        long long at = table[page] * cache.page + kv_head * cache.head;
        int mine = page * PAGE + lane;
        bool seen = mine >= first && mine < end;
        float score[GROUP];
#pragma unroll
        for (int g = 0; g < GROUP; g++) {
            score[g] = 0.0f;
        }
        if (seen) {
            const u8* key = cache.keys + at + (long long)lane * cache.token;
            for (int d = 0; d < size; d += 2) {
                float a = Store::get(key, d);
                float b = Store::get(key, d + 1);
#pragma unroll
                for (int g = 0; g < GROUP; g++) {
                    if (g < here) {
                        score[g] += a * shared[g * size + d] + b * shared[g * size + d + 1];
                    }
                }
            }
        }
#pragma unroll
        for (int g = 0; g < GROUP; g++) {
            score[g] = seen && g < here ? capped(score[g], cap) : minus_infinity();
            float top = fmaxf(best[g], warp_max(score[g]));
            float shrink = weight_of(best[g], top);
            score[g] = weight_of(score[g], top);
            sum[g] = sum[g] * shrink + warp_sum(score[g]);
            best[g] = top;
#pragma unroll
            for (int p = 0; p < PARTS; p++) {
                found[g][p] *= shrink;
            }
        }
        for (int t = 0; t < PAGE; t++) {
            if (page * PAGE + t < first || page * PAGE + t >= end) {
                continue;
            }
            const u8* value = cache.values + at + (long long)t * cache.token;
            float v[PARTS];
#pragma unroll
            for (int p = 0; p < PARTS; p++) {
                int d = lane + LANES * p;
                v[p] = d < size ? Store::get(value, d) : 0.0f;
            }
#pragma unroll
            for (int g = 0; g < GROUP; g++) {
                float weight = __shfl_sync(ALL_LANES, score[g], t);
#pragma unroll
                for (int p = 0; p < PARTS; p++) {
                    found[g][p] += weight * v[p];
                }
            }
        }
    }

    __syncthreads();
    int width = size + 2;
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
        if (g < here) {
            float* to = shared + (warp * GROUP + g) * width;
            if (lane == 0) {
                to[0] = best[g];
                to[1] = sum[g];
            }
#pragma unroll
            for (int p = 0; p < PARTS; p++) {
                if (lane + LANES * p < size) {
                    to[2 + lane + LANES * p] = found[g][p];
                }
            }
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < here * size; i += blockDim.x) {
        int g = i / size;
        int d = i % size;
        float top = minus_infinity();
        for (int w = 0; w < WARPS; w++) {
            top = fmaxf(top, shared[(w * GROUP + g) * width]);
        }
        float all = 0.0f;
        float value = 0.0f;
        for (int w = 0; w < WARPS; w++) {
            const float* from = shared + (w * GROUP + g) * width;
            float weight = weight_of(from[0], top);
            all += weight * from[1];
            value += weight * from[2 + d];
        }
        int head = first_head + g;
        if (splits == 1) {
            y[((long long)row * heads + head) * size + d] = value / all;
        } else {
            float* to = partial + (((long long)blockIdx.y * heads + head) * splits + blockIdx.z) * width;
            to[2 + d] = value;
            if (d == 0) {
                to[0] = top;
                to[1] = all;
            }
        }
    }
}

#define DECODE(name, Store, GROUP, PARTS)                                                                          \
    KERNEL(decode_##name##_##GROUP##_##PARTS, const float* q, const int* decodes, const int* tables, u8* keys,     \
           u8* values, long long page, long long head, int token, int heads, int group, int size, float scale,     \
           int window, float cap, int splits, float* y, float* partial) {                                          \
        decode<Store, GROUP, PARTS>(q, decodes, tables, {keys, values, page, head, token}, heads, group, size,     \
                                    scale, window, cap, splits, y, partial);                                       \
    }

#define DECODES_OF(name, Store, GROUP) \
    DECODE(name, Store, GROUP, 2) DECODE(name, Store, GROUP, 4) DECODE(name, Store, GROUP, 8)
#define DECODES(name, Store) DECODES_OF(name, Store, 1) DECODES_OF(name, Store, 4) DECODES_OF(name, Store, 8)

EVERY_STORE(DECODES)

// Merges what the blocks of one query found. One block per head and sequence.
KERNEL(merge_splits, const float* partial, const int* decodes, int heads, int size, int splits, float* y) {
    int head = blockIdx.x;
    const float* from = partial + ((long long)blockIdx.y * heads + head) * splits * (size + 2);
    float top = minus_infinity();
    for (int s = 0; s < splits; s++) {
        top = fmaxf(top, from[s * (size + 2)]);
    }
    for (int d = threadIdx.x; d < size; d += blockDim.x) {
        float all = 0.0f;
        float value = 0.0f;
        for (int s = 0; s < splits; s++) {
            const float* split = from + s * (size + 2);
            float weight = weight_of(split[0], top);
            if (weight > 0.0f) {
                all += weight * split[1];
                value += weight * split[2 + d];
            }
        }
        y[((long long)decodes[3 * blockIdx.y] * heads + head) * size + d] = value / all;
    }
}
