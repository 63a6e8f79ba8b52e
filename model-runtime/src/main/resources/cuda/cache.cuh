// Where keys and values lie: token t of a sequence is token t % PAGE of the page that the sequence's table names at
// t / PAGE. Within a layer a page holds, for every key-value head, the vectors of PAGE tokens one after the other.

#if PAGE != 32
#error the attention kernels give each lane of a warp one token of a page
#endif

struct Cache {
    u8* keys;
    u8* values;
    // Bytes from one page to the next, from one head and from one token of a page to the next.
    long long page;
    long long head;
    int token;
};

// How the elements of a vector are stored: `get` decodes one, `bits` the same as BF16.
template <class T, float (*decode)(T), T (*encode)(float)>
struct Store {
    static __device__ __forceinline__ float get(const u8* vector, int i) {
        return decode(reinterpret_cast<const T*>(vector)[i]);
    }
    static __device__ __forceinline__ u16 bits(const u8* vector, int i) { return to_bf16(get(vector, i)); }
    // One head's vector of a token, by a warp.
    static __device__ __forceinline__ void put(u8* vector, const float* x, int size, int lane) {
        for (int i = lane; i < size; i += LANES) {
            reinterpret_cast<T*>(vector)[i] = encode(x[i]);
        }
    }
};

__device__ __forceinline__ float same(float x) {
    return x;
}

typedef Store<float, same, same> StoreF32;
typedef Store<u16, from_f16, to_f16> StoreF16;
typedef Store<u8, from_e4m3, to_e4m3> StoreE4M3;

struct StoreBF16 : Store<u16, from_bf16, to_bf16> {
    static __device__ __forceinline__ u16 bits(const u8* vector, int i) {
        return reinterpret_cast<const u16*>(vector)[i];
    }
};

// F16 scale, then 32 int8; the last block of a vector may have fewer elements, and is stored whole.
struct StoreQ8_0 {
    static const int BLOCK_BYTES = 34;
    static __device__ __forceinline__ float get(const u8* vector, int i) {
        const u8* block = vector + i / 32 * BLOCK_BYTES;
        return from_f16(*reinterpret_cast<const u16*>(block)) * (float)(signed char)block[2 + i % 32];
    }
    static __device__ __forceinline__ u16 bits(const u8* vector, int i) { return to_bf16(get(vector, i)); }
    static __device__ __forceinline__ void put(u8* vector, const float* x, int size, int lane) {
        for (int from = 0; from < size; from += 32, vector += BLOCK_BYTES) {
            float value = from + lane < size ? x[from + lane] : 0.0f;
            float largest = warp_max(fabsf(value));
            // Rounded up, so that no code is beyond 127.
            u16 half = to_f16(fminf(largest / 127.0f, 65504.0f));
            if (from_f16(half) * 127.0f < largest && half < 0x7bff) {
                half++;
            }
            float scale = from_f16(half);
            vector[2 + lane] = (u8)(scale == 0.0f ? 0 : __float2int_rn(value * (1.0f / scale)));
            if (lane == 0) {
                *reinterpret_cast<u16*>(vector) = half;
            }
        }
    }
};

#define EVERY_SMALL_STORE(with) with(bf16, StoreBF16) with(f16, StoreF16) with(f8_e4m3, StoreE4M3) with(q8_0, StoreQ8_0)
#define EVERY_STORE(with) with(f32, StoreF32) EVERY_SMALL_STORE(with)

// Scores s become cap * tanh(s / cap); cap 0 leaves them.
__device__ __forceinline__ float capped(float score, float cap) {
    return cap > 0.0f ? cap * tanhf(score / cap) : score;
}

// exp(a - b) where a is at most b, 0 where a is minus infinity, whatever b is.
__device__ __forceinline__ float weight_of(float a, float b) {
    return a == minus_infinity() ? 0.0f : expf(a - b);
}
