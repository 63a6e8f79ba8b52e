// What every kernel file begins with: element conversions without CUDA's headers, and sums over threads.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#ifndef KERNEL
// In blocks of at most 256 threads, for which there are always registers enough.
#define KERNEL(name, ...) extern "C" __global__ void name(__VA_ARGS__)
// In larger blocks: the compiler keeps to the registers that so many threads can have.
#define BOUNDED_KERNEL(threads, name, ...) extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)
#define DYNAMIC_SHARED(type, name)                          \
    extern __shared__ __align__(16) unsigned char dynamic[]; \
    type* name = reinterpret_cast<type*>(dynamic)
#endif

// A block for a row, of at most as many threads as a block can have.
#define ROW_KERNEL(name, ...) BOUNDED_KERNEL(1024, name, __VA_ARGS__)

#define LANES 32
#define ALL_LANES 0xffffffffu

__device__ __forceinline__ float minus_infinity() {
    return __uint_as_float(0xff800000u);
}

__device__ __forceinline__ float from_bf16(u16 code) {
    return __uint_as_float((u32)code << 16);
}

// Rounds to the nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ u16 to_bf16(float value) {
    u32 bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (u16)(bits >> 16 | 0x40);
    }
    return (u16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The exponent is shifted into place and corrected by a multiplication, which makes subnormals right as well.
__device__ __forceinline__ float from_f16(u16 code) {
    u32 magnitude = (u32)(code & 0x7fff) << 13;
    float value = magnitude >= 0x0f800000u ? __uint_as_float(magnitude | 0x7f800000u)
                                           : __uint_as_float(magnitude) * __uint_as_float(0x77800000u);
    return __uint_as_float(__float_as_uint(value) | (u32)(code & 0x8000) << 16);
}

// Rounds to the nearest, ties to even; beyond the range comes infinity.
__device__ __forceinline__ u16 to_f16(float value) {
    u32 bits = __float_as_uint(value);
    u32 sign = bits >> 16 & 0x8000u;
    u32 magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return (u16)(sign | 0x7e00);
    }
    if (magnitude < 0x38800000u) {
        return (u16)(sign | (u32)__float2int_rn(__uint_as_float(magnitude) * 16777216.0f));
    }
    u32 rounded = (magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13;
    u32 code = rounded - (112u << 10);
    return (u16)(sign | (code > 0x7c00u ? 0x7c00u : code));
}

// OFP8 E4M3: bias 7, no infinities, the largest code is NaN.
__device__ __forceinline__ float from_e4m3(u8 code) {
    u32 magnitude = (u32)(code & 0x7f) << 20;
    float value = (code & 0x7f) == 0x7f ? __uint_as_float(0x7fc00000u)
                                        : __uint_as_float(magnitude) * __uint_as_float(0x7b800000u);
    return __uint_as_float(__float_as_uint(value) | (u32)(code & 0x80) << 24);
}

// Rounds to the nearest, ties to even; what is beyond 448 becomes 448.
__device__ __forceinline__ u8 to_e4m3(float value) {
    u32 bits = __float_as_uint(value);
    u32 sign = bits >> 24 & 0x80u;
    u32 magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return (u8)(sign | 0x7f);
    }
    if (magnitude >= 0x43e00000u) {
        return (u8)(sign | 0x7e);
    }
    if (magnitude < 0x3c800000u) {
        return (u8)(sign | (u32)__float2int_rn(__uint_as_float(magnitude) * 512.0f));
    }
    u32 rounded = ((magnitude + 0x7ffff + (magnitude >> 20 & 1)) >> 20) - (120u << 3);
    return (u8)(sign | (rounded > 0x7e ? 0x7e : rounded));
}

__device__ __forceinline__ float warp_sum(float value) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, step);
    }
    return value;
}

__device__ __forceinline__ float warp_max(float value) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, step));
    }
    return value;
}

// The sum over a block of whole warps, at most 32, in every thread.
__device__ __forceinline__ float block_sum(float value) {
    __shared__ float sums[LANES];
    int warps = blockDim.x / LANES;
    value = warp_sum(value);
    if (threadIdx.x % LANES == 0) {
        sums[threadIdx.x / LANES] = value;
    }
    __syncthreads();
    value = warp_sum((int)(threadIdx.x % LANES) < warps ? sums[threadIdx.x % LANES] : 0.0f);
    __syncthreads();
    return value;
}

// The largest of a block of whole warps, at most 32, in every thread.
__device__ __forceinline__ float block_max(float value) {
    __shared__ float largest[LANES];
    int warps = blockDim.x / LANES;
    value = warp_max(value);
    if (threadIdx.x % LANES == 0) {
        largest[threadIdx.x / LANES] = value;
    }
    __syncthreads();
    value = warp_max((int)(threadIdx.x % LANES) < warps ? largest[threadIdx.x % LANES] : minus_infinity());
    __syncthreads();
    return value;
}

#ifndef EMULATED
// c += a . b by a warp's tensor cores: c is 16 x 8 of F32, a 16 x 16 and b 16 x 8 of BF16, shared out over the lanes as
// mma.m16n8k16 lays its fragments out.
__device__ __forceinline__ void mma_bf16(float* c, const u32* a, u32 b0, u32 b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Two BF16, the first in the low half.
__device__ __forceinline__ u32 pack_bf16(float low, float high) {
    u32 both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}
#else
__device__ __forceinline__ u32 pack_bf16(float low, float high) {
    return (u32)to_bf16(low) | (u32)to_bf16(high) << 16;
}
#endif
