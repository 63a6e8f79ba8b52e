// Formats that weights are stored in, rows of whole blocks, as ggml lays them out. Each gives eight elements at once:
// group g of a row holds four from `first` and four from `second`.

struct Eight {
    float value[8];
    int first;
    int second;
};

__device__ __forceinline__ u32 pair(const u8* at) {
    return *reinterpret_cast<const u16*>(at);
}

__device__ __forceinline__ float half_at(const u8* at) {
    return from_f16(*reinterpret_cast<const u16*>(at));
}

struct F32 {
    static const bool plain = true;
    static __device__ __forceinline__ float one(const u8* row, int i) {
        return reinterpret_cast<const float*>(row)[i];
    }
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        const float4* at = reinterpret_cast<const float4*>(row) + 2 * g;
        float4 a = at[0];
        float4 b = at[1];
        e.value[0] = a.x; e.value[1] = a.y; e.value[2] = a.z; e.value[3] = a.w;
        e.value[4] = b.x; e.value[5] = b.y; e.value[6] = b.z; e.value[7] = b.w;
        return e;
    }
};

template <float (*decode)(u16)>
struct Sixteen {
    static const bool plain = true;
    static __device__ __forceinline__ float one(const u8* row, int i) {
        return decode(reinterpret_cast<const u16*>(row)[i]);
    }
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        uint4 packed = reinterpret_cast<const uint4*>(row)[g];
        u32 words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            e.value[2 * i] = decode((u16)(words[i] & 0xffff));
            e.value[2 * i + 1] = decode((u16)(words[i] >> 16));
        }
        return e;
    }
};

typedef Sixteen<from_bf16> BF16;
typedef Sixteen<from_f16> F16;

struct E4M3 {
    static const bool plain = true;
    static __device__ __forceinline__ float one(const u8* row, int i) {
        return from_e4m3(row[i]);
    }
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        uint2 packed = reinterpret_cast<const uint2*>(row)[g];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            e.value[i] = from_e4m3((u8)(packed.x >> 8 * i));
            e.value[4 + i] = from_e4m3((u8)(packed.y >> 8 * i));
        }
        return e;
    }
};

// F16 scale, then 32 int8.
struct Q8_0 {
    static const bool plain = false;
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        const u8* block = row + (long long)(g / 4) * 34;
        float scale = half_at(block);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            u32 two = pair(block + 2 + g % 4 * 8 + 2 * i);
            e.value[2 * i] = scale * (float)(signed char)(two & 0xff);
            e.value[2 * i + 1] = scale * (float)(signed char)(two >> 8);
        }
        return e;
    }
};

// F16 scale, then 16 bytes: elements 0 to 15 in their low halves, 16 to 31 in their high ones.
struct Q4_0 {
    static const bool plain = false;
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = g / 4 * 32 + g % 4 * 4;
        e.second = e.first + 16;
        const u8* block = row + (long long)(g / 4) * 18;
        float scale = half_at(block);
        u32 four = pair(block + 2 + g % 4 * 4) | pair(block + 4 + g % 4 * 4) << 16;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            e.value[i] = scale * (float)((int)(four >> 8 * i & 15) - 8);
            e.value[4 + i] = scale * (float)((int)(four >> (8 * i + 4) & 15) - 8);
        }
        return e;
    }
};

// The six-bit scale and minimum of 32 elements, of eight such groups in 12 bytes, by the block's own scale and minimum.
__device__ __forceinline__ void group_of_k(const u8* block, int g, float* scale, float* minimum) {
    const u8* packed = block + 4;
    int s = g < 4 ? packed[g] & 63 : (packed[g + 4] & 15) | (packed[g - 4] & 0xc0) >> 2;
    int m = g < 4 ? packed[g + 4] & 63 : packed[g + 4] >> 4 | (packed[g] & 0xc0) >> 2;
    *scale = half_at(block) * (float)s;
    *minimum = half_at(block + 2) * (float)m;
}

struct Q4_K {
    static const bool plain = false;
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        const u8* block = row + (long long)(g / 32) * 144;
        int in = g % 32;
        float scale;
        float minimum;
        group_of_k(block, in / 4, &scale, &minimum);
        const u8* low = block + 16 + in / 8 * 32 + in % 4 * 8;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            e.value[i] = scale * (float)(low[i] >> in / 4 % 2 * 4 & 15) - minimum;
        }
        return e;
    }
};

// As Q4_K, with the fifth bits in 32 bytes before: bit g of byte l is that of element 32 g + l.
struct Q5_K {
    static const bool plain = false;
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        const u8* block = row + (long long)(g / 32) * 176;
        int in = g % 32;
        float scale;
        float minimum;
        group_of_k(block, in / 4, &scale, &minimum);
        const u8* high = block + 16 + in % 4 * 8;
        const u8* low = block + 48 + in / 8 * 32 + in % 4 * 8;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            int q = (low[i] >> in / 4 % 2 * 4 & 15) | (high[i] >> in / 4 & 1) << 4;
            e.value[i] = scale * (float)q - minimum;
        }
        return e;
    }
};

// 128 bytes of low halves, 64 of two high bits, 16 int8 scales, F16 scale.
struct Q6_K {
    static const bool plain = false;
    static __device__ __forceinline__ Eight eight(const u8* row, int g) {
        Eight e;
        e.first = 8 * g;
        e.second = 8 * g + 4;
        const u8* block = row + (long long)(g / 32) * 210;
        int in = g % 32;
        int half = in / 16;
        int quarter = in / 4 % 4;
        const u8* low = block + half * 64 + quarter % 2 * 32 + in % 4 * 8;
        const u8* high = block + 128 + half * 32 + in % 4 * 8;
        float scale = half_at(block + 208) * (float)(signed char)block[192 + in / 2];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            int q = (low[i] >> quarter / 2 * 4 & 15) | (high[i] >> 2 * quarter & 3) << 4;
            e.value[i] = scale * (float)(q - 32);
        }
        return e;
    }
};

// Factors beside the stored values, one for each block of `rows` x `cols` of them; null for none.
struct Factors {
    const float* factor;
    int rows;
    int cols;
    int across;
    __device__ __forceinline__ float at(int row, int col) const {
        return factor == nullptr ? 1.0f : factor[(long long)(row / rows) * across + col / cols];
    }
};

#define EVERY_FORMAT(with) \
    with(f32, F32) with(bf16, BF16) with(f16, F16) with(f8_e4m3, E4M3) with(q8_0, Q8_0) with(q4_0, Q4_0) \
        with(q4_k, Q4_K) with(q5_k, Q5_K) with(q6_k, Q6_K)
