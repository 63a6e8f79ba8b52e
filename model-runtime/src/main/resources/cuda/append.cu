// Stores the keys and values of new tokens in their pages. One block per row, a warp per head; slot = page * PAGE + token.
#include "common.cuh"
#include "cache.cuh"

template <class Store>
__device__ __forceinline__ void append(
    const float* k, const float* v, const int* slots, int kv_heads, int size, Cache cache) {
    int slot = slots[blockIdx.x];
    int lane = threadIdx.x % LANES;
    for (int head = threadIdx.x / LANES; head < kv_heads; head += blockDim.x / LANES) {
        long long to = slot / PAGE * cache.page + slot % PAGE * (long long)cache.token + head * cache.head;
        long long from = ((long long)blockIdx.x * kv_heads + head) * size;
        Store::put(cache.keys + to, k + from, size, lane);
        Store::put(cache.values + to, v + from, size, lane);
    }
}

#define APPEND(name, Store)                                                                                       \
    ROW_KERNEL(append_##name, const float* k, const float* v, const int* slots, int kv_heads, int size, u8* keys,      \
           u8* values, long long page, long long head, int token) {                                               \
        append<Store>(k, v, slots, kv_heads, size, {keys, values, page, head, token});                            \
    }

EVERY_STORE(APPEND)
