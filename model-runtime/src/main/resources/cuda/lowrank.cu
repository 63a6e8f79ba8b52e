// y += scale * (x . a^T) . b^T, for each row by the part that it goes through (LoRA, Hu et al. 2022; all parts in one
// launch as Chen et al. 2023 gather them). Rows come PART_ROWS to a block: those of one part share what is read of it.
#include "common.cuh"

// a is [rank, in] and b [out, rank], F32; rank 0 adds nothing.
struct Part {
    const float* a;
    const float* b;
    int rank;
    float scale;
};

static_assert(sizeof(Part) == PART_BYTES, "as the host lays it out");

// Which of the block's rows go through the part of row `lead`; none if an earlier row's is the same, or there is none.
__device__ __forceinline__ u32 rows_of(const int* chosen, int first, int rows, int lead) {
    u32 mine = 0;
    int part = first + lead < rows ? chosen[first + lead] : -1;
    for (int j = 0; j < PART_ROWS && part >= 0 && first + j < rows; j++) {
        if (chosen[first + j] == part) {
            if (j < lead) {
                return 0;
            }
            mine |= 1u << j;
        }
    }
    return mine;
}

// low[row, r] = scale * x[row] . a[r]; a warp for each r.
KERNEL(shrink, const float* x, const int* chosen, const Part* parts, int rows, int k, int most, float* low) {
    int first = blockIdx.x * PART_ROWS;
    int lane = threadIdx.x % LANES;
    for (int lead = 0; lead < PART_ROWS; lead++) {
        u32 mine = rows_of(chosen, first, rows, lead);
        if (mine == 0) {
            continue;
        }
        Part part = parts[chosen[first + lead]];
        for (int r = threadIdx.x / LANES; r < part.rank; r += blockDim.x / LANES) {
            float sum[PART_ROWS];
#pragma unroll
            for (int j = 0; j < PART_ROWS; j++) {
                sum[j] = 0.0f;
            }
            for (int i = lane; i < k; i += LANES) {
                float weight = part.a[(long long)r * k + i];
#pragma unroll
                for (int j = 0; j < PART_ROWS; j++) {
                    if ((mine >> j & 1u) != 0) {
                        sum[j] += weight * x[(long long)(first + j) * k + i];
                    }
                }
            }
#pragma unroll
            for (int j = 0; j < PART_ROWS; j++) {
                sum[j] = warp_sum(sum[j]);
                if (lane == 0 && (mine >> j & 1u) != 0) {
                    low[(long long)(first + j) * most + r] = part.scale * sum[j];
                }
            }
        }
    }
}

// y[row, n] += low[row] . b[n]; a thread for each n.
KERNEL(expand, const float* low, const int* chosen, const Part* parts, int rows, int n, int most, float* y) {
    DYNAMIC_SHARED(float, lows);
    int first = blockIdx.y * PART_ROWS;
    for (int i = threadIdx.x; i < PART_ROWS * most; i += blockDim.x) {
        int row = first + i / most;
        int part = row < rows ? chosen[row] : -1;
        lows[i] = part >= 0 && i % most < parts[part].rank ? low[(long long)row * most + i % most] : 0.0f;
    }
    __syncthreads();
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    for (int lead = 0; lead < PART_ROWS && col < n; lead++) {
        u32 mine = rows_of(chosen, first, rows, lead);
        if (mine == 0) {
            continue;
        }
        Part part = parts[chosen[first + lead]];
        float sum[PART_ROWS];
#pragma unroll
        for (int j = 0; j < PART_ROWS; j++) {
            sum[j] = 0.0f;
        }
        for (int r = 0; r < part.rank; r++) {
            float weight = part.b[(long long)col * part.rank + r];
#pragma unroll
            for (int j = 0; j < PART_ROWS; j++) {
                sum[j] += weight * lows[j * most + r];
            }
        }
#pragma unroll
        for (int j = 0; j < PART_ROWS; j++) {
            if ((mine >> j & 1u) != 0) {
                y[(long long)(first + j) * n + col] += sum[j];
            }
        }
    }
}
