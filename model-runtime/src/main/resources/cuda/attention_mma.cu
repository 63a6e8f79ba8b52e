// As attention_prefill, by tensor cores: queries, keys, values and weights are rounded to BF16, sums are F32. A warp takes
// 16 queries of one head; the warps of a block share the keys and values of a key-value head. Fragments lie in registers
// as mma.m16n8k16 has them: lane l holds rows l / 4 and l / 4 + 8, and columns in pairs from 2 * (l % 4) on.
#include "common.cuh"
#include "cache.cuh"

// Words from one row to the next in shared memory, so that the lanes of a warp read from different banks.
#define KEY_WORDS(size) ((size) / 2 + 4)
#define VALUE_WORDS 20

template <class Store>
__device__ __forceinline__ u32 two_bits(const u8* first, const u8* second, int i, int j) {
    return (first == nullptr ? 0u : (u32)Store::bits(first, i)) | (second == nullptr ? 0u : (u32)Store::bits(second, j)) << 16;
}

// tiles: first row, rows, position of the first, keys of the sequence, place of its table. `together` heads of a
// key-value head are one block's, 16 of the tile's rows each warp's.
template <class Store, int SIZE>
__device__ __forceinline__ void attend(
    const float* q, const int* tiles, const int* tables, Cache cache, int heads, int group, int together, int size,
    float scale, int window, float cap, int causal, float* y) {
    __shared__ u32 keys_of[PAGE * KEY_WORDS(SIZE)];
    // Transposed: a row for each element, of the tokens in pairs.
    __shared__ u32 values_of[SIZE * VALUE_WORDS];
    const int* tile = tiles + 5 * blockIdx.x;
    int position = tile[2];
    int keys = tile[3];
    const int* table = tables + tile[4];
    int chunks = (group + together - 1) / together;
    int kv_head = blockIdx.y / chunks;
    int warp = threadIdx.x / LANES;
    int lane = threadIdx.x % LANES;
    int head = kv_head * group + blockIdx.y % chunks * together + warp / 2;
    int above = lane / 4;
    int column = lane % 4;
    int piece = warp % (TILE / MMA_ROWS) * MMA_ROWS;
    int row[2] = {piece + above, piece + above + 8};
    bool taken[2];
    int first[2];
    int end[2];
    float best[2];
    float sum[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
        taken[r] = row[r] < tile[1] && head < (kv_head + 1) * group;
        int at = position + row[r];
        first[r] = window > 0 ? max(0, at - window + 1) : 0;
        end[r] = causal ? min(at + 1, keys) : window > 0 ? min(keys, at + window) : keys;
        best[r] = minus_infinity();
        sum[r] = 0.0f;
    }
    u32 query[SIZE / 16][4];
#pragma unroll
    for (int s = 0; s < SIZE / 16; s++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int d = 16 * s + 2 * column + i / 2 * 8;
            const float* from = q + ((long long)(tile[0] + row[i % 2]) * heads + head) * size + d;
            query[s][i] = taken[i % 2] && d < size ? pack_bf16(from[0], from[1]) : 0u;
        }
    }
    float found[SIZE / 8][4];
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
        found[n][0] = found[n][1] = found[n][2] = found[n][3] = 0.0f;
    }
    int lowest = window > 0 ? max(0, position - window + 1) : 0;
    int last = position + tile[1] - 1;
    int highest = causal ? last + 1 : window > 0 ? min(keys, last + window) : keys;
    for (int page = lowest / PAGE; page * PAGE < highest; page++) {
        long long base = table[page] * cache.page + kv_head * cache.head;
        int tokens = min(PAGE, keys - page * PAGE);
        __syncthreads();
        for (int i = threadIdx.x; i < PAGE * SIZE / 2; i += blockDim.x) {
            int t = i / (SIZE / 2);
            int d = i % (SIZE / 2) * 2;
            const u8* key = t < tokens && d < size ? cache.keys + base + (long long)t * cache.token : nullptr;
            keys_of[t * KEY_WORDS(SIZE) + d / 2] = two_bits<Store>(key, key, d, d + 1);
        }
        for (int i = threadIdx.x; i < PAGE * SIZE / 2; i += blockDim.x) {
            int t = i / SIZE * 2;
            int d = i % SIZE;
            const u8* value = t < tokens && d < size ? cache.values + base + (long long)t * cache.token : nullptr;
            const u8* next = value != nullptr && t + 1 < tokens ? value + cache.token : nullptr;
            values_of[d * VALUE_WORDS + t / 2] = two_bits<Store>(value, next, d, d);
        }
        __syncthreads();
        float score[PAGE / 8][4];
#pragma unroll
        for (int n = 0; n < PAGE / 8; n++) {
            score[n][0] = score[n][1] = score[n][2] = score[n][3] = 0.0f;
            const u32* key = keys_of + (8 * n + above) * KEY_WORDS(SIZE) + column;
#pragma unroll
            for (int s = 0; s < SIZE / 16; s++) {
                mma_bf16(score[n], query[s], key[8 * s], key[8 * s + 4]);
            }
        }
        float shrink[2];
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float top = best[r];
#pragma unroll
            for (int i = 0; i < PAGE / 4; i++) {
                int t = page * PAGE + i / 2 * 8 + 2 * column + i % 2;
                float* one = &score[i / 2][2 * r + i % 2];
                *one = t >= first[r] && t < end[r] ? capped(scale * *one, cap) : minus_infinity();
                top = fmaxf(top, *one);
            }
            top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
            top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
            shrink[r] = weight_of(best[r], top);
            best[r] = top;
            sum[r] *= shrink[r];
#pragma unroll
            for (int i = 0; i < PAGE / 4; i++) {
                float* one = &score[i / 2][2 * r + i % 2];
                *one = weight_of(*one, top);
                sum[r] += *one;
            }
        }
        u32 weight[PAGE / 16][4];
#pragma unroll
        for (int j = 0; j < PAGE / 16; j++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float* pair = &score[2 * j + i / 2][i % 2 * 2];
                weight[j][i] = pack_bf16(pair[0], pair[1]);
            }
        }
#pragma unroll
        for (int n = 0; n < SIZE / 8; n++) {
            const u32* value = values_of + (8 * n + above) * VALUE_WORDS + column;
            found[n][0] *= shrink[0];
            found[n][1] *= shrink[0];
            found[n][2] *= shrink[1];
            found[n][3] *= shrink[1];
#pragma unroll
            for (int j = 0; j < PAGE / 16; j++) {
                mma_bf16(found[n], weight[j], value[8 * j], value[8 * j + 4]);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 1);
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 2);
        float* to = y + ((long long)(tile[0] + row[r]) * heads + head) * size;
#pragma unroll
        for (int n = 0; n < SIZE / 8; n++) {
            int d = 8 * n + 2 * column;
            if (taken[r] && d < size) {
                to[d] = found[n][2 * r] / sum[r];
                to[d + 1] = found[n][2 * r + 1] / sum[r];
            }
        }
    }
}

#define ATTEND(name, Store, SIZE)                                                                                  \
    KERNEL(attend_##name##_##SIZE, const float* q, const int* tiles, const int* tables, u8* keys, u8* values,      \
           long long page, long long head, int token, int heads, int group, int together, int size, float scale,  \
           int window, float cap, int causal, float* y) {                                                          \
        attend<Store, SIZE>(q, tiles, tables, {keys, values, page, head, token}, heads, group, together, size,     \
                            scale, window, cap, causal, y);                                                        \
    }

#define ATTENDS(name, Store) ATTEND(name, Store, 64) ATTEND(name, Store, 128) ATTEND(name, Store, 256)

EVERY_STORE(ATTENDS)
