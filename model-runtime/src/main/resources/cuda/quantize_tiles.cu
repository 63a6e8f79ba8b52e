// Operands of products in eight bits for training: E4M3 codes in tiles that share a scale, each value divided by its
// tile's scale and rounded to the nearest. Or, for a device that does not multiply such codes, BF16 of what they stand
// for. Where one scale is for all, `whole` holds the bits of the largest magnitude; elsewhere it is none. Columns of
// matrices are a multiple of 16; rows are filled up with zeros to `padded`.
#include "common.cuh"

#define E4M3_MAX 448.0f

struct Codes {
    typedef u8 Element;
    static __device__ __forceinline__ u8 of(float x, float scale) { return to_e4m3(__fdiv_rn(x, scale)); }
};

struct Values {
    typedef u16 Element;
    static __device__ __forceinline__ u16 of(float x, float scale) {
        return to_bf16(__fmul_rn(from_e4m3(to_e4m3(__fdiv_rn(x, scale))), scale));
    }
};

// Compared as integers NaN is the largest of all.
static __device__ __forceinline__ u32 magnitude(float x) {
    return __float_as_uint(x) & 0x7fffffffu;
}

static __device__ __forceinline__ u32 warp_largest(u32 value) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        value = max(value, __shfl_xor_sync(ALL_LANES, value, step));
    }
    return value;
}

// The largest magnitude over 448, rounded up to a power of two if asked; 1 where there is none, or it is no number.
static __device__ __forceinline__ float scale_of(u32 largest, int power) {
    if (largest == 0u || largest >= 0x7f800000u) {
        return 1.0f;
    }
    float least = __uint_as_float(0x00800000u) * E4M3_MAX;
    float scale = __fdiv_rn(fmaxf(__uint_as_float(largest), least), E4M3_MAX);
    u32 bits = __float_as_uint(scale);
    return power && (bits & 0x7fffffu) ? __uint_as_float((bits & 0x7f800000u) + 0x00800000u) : scale;
}

// The largest magnitude's bits, over what was zero
KERNEL(largest, const float* x, long long count, u32* out) {
    u32 most = 0u;
    for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < count;
         i += gridDim.x * (long long)blockDim.x) {
        most = max(most, magnitude(x[i]));
    }
    most = warp_largest(most);
    if (threadIdx.x % LANES == 0) {
        atomicMax(out, most);
    }
}

// Tiles of 1 x SCALED: y is [padded, cols], scales[piece * padded + row]. One warp per piece of a row.
template <class Out>
static __device__ __forceinline__ void rows_of(
    const float* x, int rows, int padded, int cols, int power, const u32* whole, typename Out::Element* y,
    float* scales) {
    int row = blockIdx.x;
    int piece = blockIdx.y * (blockDim.x / LANES) + threadIdx.x / LANES;
    int lane = threadIdx.x % LANES;
    int from = piece * SCALED;
    if (from >= cols) {
        return;
    }
    int to = min(from + SCALED, cols);
    const float* in = x + (long long)row * cols;
    u32 most = 0u;
    for (int i = from + lane; row < rows && i < to; i += LANES) {
        most = max(most, magnitude(in[i]));
    }
    most = warp_largest(most);
    float scale = scale_of(whole != nullptr ? *whole : most, power);
    for (int i = from + lane; i < to; i += LANES) {
        y[(long long)row * cols + i] = row < rows ? Out::of(in[i], scale) : (typename Out::Element)0;
    }
    if (lane == 0 && (whole == nullptr || row + piece == 0)) {
        scales[(long long)piece * padded + row] = scale;
    }
}

// Tiles of SCALED x 1, turned: y is [cols, padded], scales[block * cols + col]. A block of 256 threads for 32 columns of
// SCALED rows.
template <class Out>
static __device__ __forceinline__ void columns_of(
    const float* x, int rows, int padded, int cols, int power, const u32* whole, typename Out::Element* y,
    float* scales) {
    __shared__ float tile[SCALED][LANES + 1];
    __shared__ u32 most[8][LANES];
    __shared__ float scale[LANES];
    int warp = threadIdx.x / LANES;
    int lane = threadIdx.x % LANES;
    int row = blockIdx.y * SCALED;
    int col = blockIdx.x * LANES;
    u32 mine = 0u;
    for (int i = warp; i < SCALED; i += 8) {
        bool there = row + i < rows && col + lane < cols;
        float value = there ? x[(long long)(row + i) * cols + col + lane] : 0.0f;
        tile[i][lane] = value;
        mine = max(mine, magnitude(value));
    }
    most[warp][lane] = mine;
    __syncthreads();
    if (warp == 0) {
        for (int i = 1; i < 8; i++) {
            mine = max(mine, most[i][lane]);
        }
        scale[lane] = scale_of(whole != nullptr ? *whole : mine, power);
        if (col + lane < cols && (whole == nullptr || row + col + lane == 0)) {
            scales[(long long)blockIdx.y * cols + col + lane] = scale[lane];
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < LANES * SCALED; i += blockDim.x) {
        int c = i / SCALED;
        int r = i % SCALED;
        if (col + c < cols && row + r < padded) {
            y[(long long)(col + c) * padded + row + r] = Out::of(tile[r][c], scale[c]);
        }
    }
}

// Tiles of SCALED x SCALED, as they lie and turned: y is [rows, cols] with `across` scales beside each other, turned is
// [cols, rows] with `down`. A block of 256 threads per tile.
template <class Out>
static __device__ __forceinline__ void blocks_of(
    const float* x, int rows, int cols, int power, const u32* whole, typename Out::Element* y, float* scales,
    int across, typename Out::Element* turned, float* turned_scales, int down) {
    __shared__ typename Out::Element tile[SCALED][SCALED + 4];
    __shared__ u32 most[8];
    int row = blockIdx.y * SCALED;
    int col = blockIdx.x * SCALED;
    int high = min(SCALED, rows - row);
    int wide = min(SCALED, cols - col);
    u32 mine = 0u;
    for (int i = threadIdx.x; i < high * SCALED; i += blockDim.x) {
        if (i % SCALED < wide) {
            mine = max(mine, magnitude(x[(long long)(row + i / SCALED) * cols + col + i % SCALED]));
        }
    }
    mine = warp_largest(mine);
    if (threadIdx.x % LANES == 0) {
        most[threadIdx.x / LANES] = mine;
    }
    __syncthreads();
    for (int i = 0; i < 8; i++) {
        mine = max(mine, most[i]);
    }
    float scale = scale_of(whole != nullptr ? *whole : mine, power);
    for (int i = threadIdx.x; i < high * SCALED; i += blockDim.x) {
        int c = i % SCALED;
        if (c < wide) {
            long long at = (long long)(row + i / SCALED) * cols + col + c;
            typename Out::Element code = Out::of(x[at], scale);
            y[at] = code;
            tile[i / SCALED][c] = code;
        }
    }
    if (turned == nullptr) {
        return;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < wide * SCALED; i += blockDim.x) {
        int r = i % SCALED;
        if (r < high) {
            turned[(long long)(col + i / SCALED) * rows + row + r] = tile[r][i / SCALED];
        }
    }
    if (threadIdx.x == 0 && (whole == nullptr || blockIdx.x + blockIdx.y == 0)) {
        scales[(long long)blockIdx.y * across + blockIdx.x] = scale;
        turned_scales[(long long)blockIdx.x * down + blockIdx.y] = scale;
    }
}

#define TILES(name, Out)                                                                                            \
    KERNEL(rows_as_##name, const float* x, int rows, int padded, int cols, int power, const u32* whole,             \
           Out::Element* y, float* scales) {                                                                        \
        rows_of<Out>(x, rows, padded, cols, power, whole, y, scales);                                               \
    }                                                                                                               \
    KERNEL(columns_as_##name, const float* x, int rows, int padded, int cols, int power, const u32* whole,          \
           Out::Element* y, float* scales) {                                                                        \
        columns_of<Out>(x, rows, padded, cols, power, whole, y, scales);                                            \
    }                                                                                                               \
    KERNEL(blocks_as_##name, const float* x, int rows, int cols, int power, const u32* whole, Out::Element* y,      \
           float* scales, int across, Out::Element* turned, float* turned_scales, int down) {                       \
        blocks_of<Out>(x, rows, cols, power, whole, y, scales, across, turned, turned_scales, down);                \
    }

TILES(e4m3, Codes)
TILES(bf16, Values)
