// As attention_back, by tensor cores: what is multiplied is rounded to BF16, sums are F32. A warp takes 16 queries, or 16
// keys, four warps a tile of 64; the others come 32 at a time through shared memory, as pairs along a head's elements
// where those are contracted, turned into pairs of rows where rows are. Fragments lie as mma.m16n8k16 has them: lane l
// holds rows l / 4 and l / 4 + 8, and columns in pairs from 2 * (l % 4) on.
#include "common.cuh"
#include "attention_back.cuh"

#define WARP_ROWS 16
#define TILE_ROWS 64
#define ROWS 32
// Words from one row to the next in shared memory, so that the lanes of a warp read from different banks.
#define WORDS(size) ((size) / 2 + 4)
#define TURNED_WORDS (ROWS / 2 + 4)

template <int SIZE>
static __device__ __forceinline__ void bring_pairs(
    u32* to, const float* from, int row, int count, int rows, int size, long long across) {
    for (int i = threadIdx.x; i < rows * (SIZE / 2); i += blockDim.x) {
        int t = i / (SIZE / 2);
        int d = i % (SIZE / 2) * 2;
        const float* at = from + (row + t) * across + d;
        to[t * WORDS(SIZE) + d / 2] = t < count && d < size ? pack_bf16(at[0], at[1]) : 0u;
    }
}

template <int SIZE>
static __device__ __forceinline__ void bring_turned(
    u32* to, const float* from, int row, int count, int size, long long across) {
    for (int i = threadIdx.x; i < ROWS / 2 * SIZE; i += blockDim.x) {
        int t = i / SIZE * 2;
        int d = i % SIZE;
        const float* at = from + (row + t) * across + d;
        float low = t < count && d < size ? at[0] : 0.0f;
        float high = t + 1 < count && d < size ? at[across] : 0.0f;
        to[d * TURNED_WORDS + t / 2] = pack_bf16(low, high);
    }
}

// Products of a warp's 16 rows with ROWS others.
template <int SIZE>
static __device__ __forceinline__ void multiply(float (*out)[4], const u32 (*rows)[4], const u32* others, int lane) {
#pragma unroll
    for (int n = 0; n < ROWS / 8; n++) {
        out[n][0] = out[n][1] = out[n][2] = out[n][3] = 0.0f;
        const u32* other = others + (8 * n + lane / 4) * WORDS(SIZE) + lane % 4;
#pragma unroll
        for (int s = 0; s < SIZE / 16; s++) {
            mma_bf16(out[n], rows[s], other[8 * s], other[8 * s + 4]);
        }
    }
}

// The same where the 16 rows lie in shared memory, from `own` on.
template <int SIZE>
static __device__ __forceinline__ void multiply_shared(float (*out)[4], const u32* own, const u32* others, int lane) {
#pragma unroll
    for (int n = 0; n < ROWS / 8; n++) {
        out[n][0] = out[n][1] = out[n][2] = out[n][3] = 0.0f;
    }
    const u32* row = own + lane / 4 * WORDS(SIZE) + lane % 4;
#pragma unroll
    for (int s = 0; s < SIZE / 16; s++) {
        u32 a[4] = {row[8 * s], row[8 * WORDS(SIZE) + 8 * s], row[8 * s + 4], row[8 * WORDS(SIZE) + 8 * s + 4]};
#pragma unroll
        for (int n = 0; n < ROWS / 8; n++) {
            const u32* other = others + (8 * n + lane / 4) * WORDS(SIZE) + lane % 4;
            mma_bf16(out[n], a, other[8 * s], other[8 * s + 4]);
        }
    }
}

// found += weights . rows, of a warp's 16 rows of ROWS weights each.
template <int SIZE>
static __device__ __forceinline__ void gather(
    float (*found)[4], const float (*weights)[4], const u32* turned, int lane) {
    u32 packed[ROWS / 16][4];
#pragma unroll
    for (int j = 0; j < ROWS / 16; j++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float* pair = &weights[2 * j + i / 2][i % 2 * 2];
            packed[j][i] = pack_bf16(pair[0], pair[1]);
        }
    }
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
        const u32* row = turned + (8 * n + lane / 4) * TURNED_WORDS + lane % 4;
#pragma unroll
        for (int j = 0; j < ROWS / 16; j++) {
            mma_bf16(found[n], packed[j], row[8 * j], row[8 * j + 4]);
        }
    }
}

// Which of the ROWS others the element i of a lane's row is of.
static __device__ __forceinline__ int other_of(int i, int lane) {
    return i / 2 * 8 + lane % 4 * 2 + i % 2;
}

// Adds what a warp found to its rows, `across` elements apart.
template <int SIZE>
static __device__ __forceinline__ void add_found(
    const float (*found)[4], float* to, int row, int rows, int size, long long across, int lane) {
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
        int d = 8 * n + lane % 4 * 2;
#pragma unroll
        for (int r = 0; r < 2; r++) {
            int mine = row + lane / 4 + 8 * r;
            if (mine < rows && d < size) {
                to[mine * across + d] += found[n][2 * r];
                to[mine * across + d + 1] += found[n][2 * r + 1];
            }
        }
    }
}

template <int SIZE>
static __device__ __forceinline__ void queries_back(
    const float* q, const float* k, const float* v, const float* y, const float* dy, const int* tiles, Shape shape,
    float* logs, float* deltas, float* dq) {
    __shared__ u32 keys[ROWS * WORDS(SIZE)];
    __shared__ u32 values[ROWS * WORDS(SIZE)];
    __shared__ u32 turned[SIZE * TURNED_WORDS];
    int size = shape.size;
    Tile tile = tile_of(tiles);
    int head = blockIdx.y;
    long long across = (long long)shape.heads * size;
    long long kv_across = across / shape.group;
    const float* k_head = k + head / shape.group * size;
    const float* v_head = v + head / shape.group * size;
    int lane = threadIdx.x % LANES;
    int piece = threadIdx.x / LANES * WARP_ROWS;
    bool taken[2];
    int first[2];
    int end[2];
    float best[2];
    float sum[2];
    float delta[2];
    float log[2];
    long long place[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int row = piece + lane / 4 + 8 * r;
        taken[r] = row < tile.rows;
        first[r] = shape.first(tile.at + row);
        end[r] = taken[r] ? shape.end(tile.at + row, tile.length) : 0;
        place[r] = (long long)(tile.row + row) * shape.heads + head;
        best[r] = minus_infinity();
        sum[r] = 0.0f;
        delta[r] = 0.0f;
    }
    u32 query[SIZE / 16][4];
    u32 above[SIZE / 16][4];
#pragma unroll
    for (int s = 0; s < SIZE / 16; s++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int r = i % 2;
            int d = 16 * s + lane % 4 * 2 + i / 2 * 8;
            query[s][i] = 0u;
            above[s][i] = 0u;
            if (taken[r] && d < size) {
                long long at = place[r] * size + d;
                query[s][i] = pack_bf16(q[at], q[at + 1]);
                above[s][i] = pack_bf16(dy[at], dy[at + 1]);
                delta[r] += dy[at] * y[at] + dy[at + 1] * y[at + 1];
            }
        }
    }
    int lowest = shape.first(tile.at);
    int highest = shape.end(tile.at + tile.rows - 1, tile.length);
    float score[ROWS / 8][4];
    float slope;
    for (int from = lowest; from < highest; from += ROWS) {
        __syncthreads();
        bring_pairs<SIZE>(keys, k_head, tile.start + from, tile.length - from, ROWS, size, kv_across);
        __syncthreads();
        multiply<SIZE>(score, query, keys, lane);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float top = best[r];
#pragma unroll
            for (int i = 0; i < ROWS / 4; i++) {
                int t = from + other_of(i, lane);
                float* one = &score[i / 2][2 * r + i % 2];
                *one = t >= first[r] && t < end[r] ? score_of(*one, shape, &slope) : minus_infinity();
                top = fmaxf(top, *one);
            }
            top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
            top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
            sum[r] *= weight_of(best[r], top);
            best[r] = top;
#pragma unroll
            for (int i = 0; i < ROWS / 4; i++) {
                sum[r] += weight_of(score[i / 2][2 * r + i % 2], top);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        for (int step = 1; step < 4; step *= 2) {
            sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], step);
            delta[r] += __shfl_xor_sync(ALL_LANES, delta[r], step);
        }
        log[r] = best[r] + logf(sum[r]);
        if (taken[r] && lane % 4 == 0) {
            logs[place[r]] = log[r];
            deltas[place[r]] = delta[r];
        }
    }
    float found[SIZE / 8][4];
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
        found[n][0] = found[n][1] = found[n][2] = found[n][3] = 0.0f;
    }
    for (int from = lowest; from < highest; from += ROWS) {
        __syncthreads();
        int count = tile.length - from;
        bring_pairs<SIZE>(keys, k_head, tile.start + from, count, ROWS, size, kv_across);
        bring_pairs<SIZE>(values, v_head, tile.start + from, count, ROWS, size, kv_across);
        bring_turned<SIZE>(turned, k_head, tile.start + from, count, size, kv_across);
        __syncthreads();
        float change[ROWS / 8][4];
        multiply<SIZE>(score, query, keys, lane);
        multiply<SIZE>(change, above, values, lane);
#pragma unroll
        for (int r = 0; r < 2; r++) {
#pragma unroll
            for (int i = 0; i < ROWS / 4; i++) {
                int t = from + other_of(i, lane);
                float* one = &score[i / 2][2 * r + i % 2];
                float result = 0.0f;
                if (t >= first[r] && t < end[r]) {
                    float weight = expf(score_of(*one, shape, &slope) - log[r]);
                    result = weight * (change[i / 2][2 * r + i % 2] - delta[r]) * slope;
                }
                *one = result;
            }
        }
        gather<SIZE>(found, score, turned, lane);
    }
    add_found<SIZE>(found, dq + (long long)tile.row * across + head * size, piece, tile.rows, size, across, lane);
}

template <int SIZE>
static __device__ __forceinline__ void keys_back(
    const float* q, const float* k, const float* v, const float* dy, const int* tiles, Shape shape, const float* logs,
    const float* deltas, float* dk, float* dv) {
    DYNAMIC_SHARED(u32, shared);
    u32* own_keys = shared;
    u32* own_values = own_keys + TILE_ROWS * WORDS(SIZE);
    u32* queries = own_values + TILE_ROWS * WORDS(SIZE);
    u32* above = queries + ROWS * WORDS(SIZE);
    u32* queries_turned = above + ROWS * WORDS(SIZE);
    u32* above_turned = queries_turned + SIZE * TURNED_WORDS;
    float* logs_of = reinterpret_cast<float*>(above_turned + SIZE * TURNED_WORDS);
    float* deltas_of = logs_of + ROWS;
    int size = shape.size;
    Tile tile = tile_of(tiles);
    long long across = (long long)shape.heads * size;
    long long kv_across = across / shape.group;
    int lane = threadIdx.x % LANES;
    int piece = threadIdx.x / LANES * WARP_ROWS;
    int last = tile.at + tile.rows - 1;
    int lowest = shape.causal ? tile.at : shape.window > 0 ? max(0, tile.at - shape.window + 1) : 0;
    int highest = shape.window > 0 ? min(tile.length, last + shape.window) : tile.length;
    bring_pairs<SIZE>(own_keys, k + blockIdx.y * size, tile.row, tile.rows, TILE_ROWS, size, kv_across);
    bring_pairs<SIZE>(own_values, v + blockIdx.y * size, tile.row, tile.rows, TILE_ROWS, size, kv_across);
    float found_key[SIZE / 8][4];
    float found_value[SIZE / 8][4];
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            found_key[n][i] = 0.0f;
            found_value[n][i] = 0.0f;
        }
    }
    for (int head = blockIdx.y * shape.group; head < (blockIdx.y + 1) * shape.group; head++) {
        for (int from = lowest; from < highest; from += ROWS) {
            __syncthreads();
            int row = tile.start + from;
            int count = tile.length - from;
            bring_pairs<SIZE>(queries, q + head * size, row, count, ROWS, size, across);
            bring_pairs<SIZE>(above, dy + head * size, row, count, ROWS, size, across);
            bring_turned<SIZE>(queries_turned, q + head * size, row, count, size, across);
            bring_turned<SIZE>(above_turned, dy + head * size, row, count, size, across);
            for (int i = threadIdx.x; i < ROWS; i += blockDim.x) {
                long long place = (long long)(row + i) * shape.heads + head;
                logs_of[i] = i < count ? logs[place] : 0.0f;
                deltas_of[i] = i < count ? deltas[place] : 0.0f;
            }
            __syncthreads();
            float score[ROWS / 8][4];
            float change[ROWS / 8][4];
            multiply_shared<SIZE>(score, own_keys + piece * WORDS(SIZE), queries, lane);
            multiply_shared<SIZE>(change, own_values + piece * WORDS(SIZE), above, lane);
#pragma unroll
            for (int r = 0; r < 2; r++) {
                int mine = piece + lane / 4 + 8 * r;
                int key = tile.at + mine;
#pragma unroll
                for (int i = 0; i < ROWS / 4; i++) {
                    int other = other_of(i, lane);
                    int at = from + other;
                    float* one = &score[i / 2][2 * r + i % 2];
                    float* two = &change[i / 2][2 * r + i % 2];
                    float weight = 0.0f;
                    float result = 0.0f;
                    if (mine < tile.rows && at < tile.length && key >= shape.first(at)
                        && key < shape.end(at, tile.length)) {
                        float slope;
                        weight = expf(score_of(*one, shape, &slope) - logs_of[other]);
                        result = weight * (*two - deltas_of[other]) * slope;
                    }
                    *one = weight;
                    *two = result;
                }
            }
            gather<SIZE>(found_value, score, above_turned, lane);
            gather<SIZE>(found_key, change, queries_turned, lane);
        }
    }
    long long begin = tile.row * kv_across + blockIdx.y * size;
    add_found<SIZE>(found_key, dk + begin, piece, tile.rows, size, kv_across, lane);
    add_found<SIZE>(found_value, dv + begin, piece, tile.rows, size, kv_across, lane);
}

ATTENTION_BACK(64)
ATTENTION_BACK(128)
