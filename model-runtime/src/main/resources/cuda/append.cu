// Stores the keys and values of new tokens in their pages. One block per row; slot = page * PAGE + token.
#include "common.cuh"
#include "cache.cuh"

#define APPEND(name, Store)                                                                                       \
    KERNEL(append_##name, const float* k, const float* v, const int* slots, int kv_heads, int size,               \
           Store::type* keys, Store::type* values, long long page, long long head, int token) {                   \
        int slot = slots[blockIdx.x];                                                                             \
        long long to = slot / PAGE * page + slot % PAGE * token;                                                  \
        long long from = (long long)blockIdx.x * kv_heads * size;                                                 \
        for (int i = threadIdx.x; i < kv_heads * size; i += blockDim.x) {                                         \
            long long at = to + i / size * head + i % size;                                                       \
            keys[at] = Store::put(k[from + i]);                                                                   \
            values[at] = Store::put(v[from + i]);                                                                 \
        }                                                                                                         \
    }

EVERY_STORE(APPEND)
