// Where keys and values lie: token t of a sequence is token t % PAGE of the page that the sequence's table names at
// t / PAGE. Within a layer a page holds, for every key-value head, the vectors of PAGE tokens one after the other.

#if PAGE != 32
#error the attention kernels give each lane of a warp one token of a page
#endif

template <class T>
struct Cache {
    T* keys;
    T* values;
    // Elements from one page to the next, from one head and from one token of a page to the next.
    long long page;
    long long head;
    int token;
};

struct StoreF32 {
    typedef float type;
    static __device__ __forceinline__ float get(float x) { return x; }
    static __device__ __forceinline__ float put(float x) { return x; }
};

struct StoreBF16 {
    typedef u16 type;
    static __device__ __forceinline__ float get(u16 x) { return from_bf16(x); }
    static __device__ __forceinline__ u16 put(float x) { return to_bf16(x); }
};

struct StoreF16 {
    typedef u16 type;
    static __device__ __forceinline__ float get(u16 x) { return from_f16(x); }
    static __device__ __forceinline__ u16 put(float x) { return to_f16(x); }
};

struct StoreE4M3 {
    typedef u8 type;
    static __device__ __forceinline__ float get(u8 x) { return from_e4m3(x); }
    static __device__ __forceinline__ u8 put(float x) { return to_e4m3(x); }
};

#define EVERY_STORE(with) with(f32, StoreF32) with(bf16, StoreBF16) with(f16, StoreF16) with(f8_e4m3, StoreE4M3)

// Scores s become cap * tanh(s / cap); cap 0 leaves them.
__device__ __forceinline__ float capped(float score, float cap) {
    return cap > 0.0f ? cap * tanhf(score / cap) : score;
}

// exp(a - b) where a is at most b, 0 where a is minus infinity, whatever b is.
__device__ __forceinline__ float weight_of(float a, float b) {
    return a == minus_infinity() ? 0.0f : expf(a - b);
}
