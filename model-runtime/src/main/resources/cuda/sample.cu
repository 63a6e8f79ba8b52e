// Chooses a token from each row of logits as the engine's sampler does: what may not be said is ruled out, single logits
// are changed, then comes the greatest, or one drawn from the likeliest. Weights are counted in whole numbers, so that
// sums do not depend on the order in which threads add; nothing is sorted, the place in the order is found by digits.
#include "common.cuh"

typedef unsigned long long u64;

// Weights are exp((logit - greatest) / temperature) in units of 2^-44: the sum of 2^19 of them fits.
#define ONE 17592186044416.0
// Digits of the 32-bit keys that order weights, the greatest first.
#define BINS 2048
#define NO_LIMIT 0xffffffffu

// One for each row that is drawn.
struct Drawn {
    int row;
    float temperature;
    int top_k;
    float top_p;
    float min_p;
    float repetition;
    u32 uniform_low;
    u32 uniform_high;
    // First word of the row's bits, -1 for none; first edit, number of edits.
    int mask;
    int edits;
    int edit_count;
};

struct Edit {
    int token;
    float added;
    float taken;
    int repeated;
};

static_assert(sizeof(Drawn) == 4 * DRAW_INTS && sizeof(Edit) == 4 * EDIT_INTS, "as the host lays them out");

// What a chunk of a row holds: the greatest logit and the first token that has it, and of the logits as they came the
// greatest and the sum of exp(logit - greatest).
struct Survey {
    float best;
    int token;
    float plain_best;
    float plain_sum;
};

__device__ __forceinline__ int chunk_of(int count) {
    return (count + CHUNKS - 1) / CHUNKS;
}

__device__ __forceinline__ bool untouched(const Drawn& draw) {
    return draw.mask < 0 && draw.edit_count == 0;
}

// What a row is chosen from: the logits as they came where nothing is ruled out or changed.
__device__ __forceinline__ const float* chosen_from(const float* logits, const Drawn* draws, int place, int count, const float* y) {
    const Drawn& draw = draws[place];
    return untouched(draw) ? logits + (long long)draw.row * count : y + (long long)place * count;
}

// y = logits, minus infinity where the mask has no bit; nothing for rows that are chosen from as they came.
KERNEL(allow, const float* logits, const Drawn* draws, const u32* masks, int count, float* y) {
    const Drawn& draw = draws[blockIdx.y];
    if (untouched(draw)) {
        return;
    }
    const float* row = logits + (long long)draw.row * count;
    float* out = y + (long long)blockIdx.y * count;
    int chunk = chunk_of(count);
    int end = min(count, (int)(blockIdx.x + 1) * chunk);
    for (int i = blockIdx.x * chunk + threadIdx.x; i < end; i += blockDim.x) {
        bool allowed = draw.mask < 0 || (masks[draw.mask + i / 32] >> (i % 32) & 1u) != 0;
        out[i] = allowed ? row[i] : minus_infinity();
    }
}

// No token is named twice.
KERNEL(edit, const Drawn* draws, const Edit* edits, int count, float* y) {
    const Drawn& draw = draws[blockIdx.y];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= draw.edit_count) {
        return;
    }
    Edit edit = edits[draw.edits + i];
    float* at = y + (long long)blockIdx.y * count + edit.token;
    float logit = *at + edit.added;
    if (edit.repeated != 0) {
        // Rounded before more is taken, as the host does, so that ties stay ties.
        logit = logit > 0.0f ? logit / draw.repetition : __fmul_rn(logit, draw.repetition);
    }
    *at = logit - edit.taken;
}

__device__ __forceinline__ void better(float value, int token, float* best, int* where) {
    if (value > *best || (value == *best && token < *where)) {
        *best = value;
        *where = token;
    }
}

KERNEL(survey, const float* logits, const Drawn* draws, int count, const float* y, Survey* surveys) {
    __shared__ float bests[LANES];
    __shared__ int tokens[LANES];
    const float* plain = logits + (long long)draws[blockIdx.y].row * count;
    const float* row = chosen_from(logits, draws, blockIdx.y, count, y);
    int chunk = chunk_of(count);
    int from = blockIdx.x * chunk;
    int end = min(count, from + chunk);
    float best = minus_infinity();
    int token = count;
    float plain_best = minus_infinity();
    for (int i = from + threadIdx.x; i < end; i += blockDim.x) {
        better(row[i], i, &best, &token);
        plain_best = fmaxf(plain_best, plain[i]);
    }
    plain_best = block_max(plain_best);
    float sum = 0.0f;
    for (int i = from + threadIdx.x; i < end; i += blockDim.x) {
        sum += plain[i] == minus_infinity() ? 0.0f : expf(plain[i] - plain_best);
    }
    sum = block_sum(sum);
    for (int step = LANES / 2; step > 0; step /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, best, step);
        int where = __shfl_xor_sync(ALL_LANES, token, step);
        better(other, where, &best, &token);
    }
    if (threadIdx.x % LANES == 0) {
        bests[threadIdx.x / LANES] = best;
        tokens[threadIdx.x / LANES] = token;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int w = 1; w < (int)blockDim.x / LANES; w++) {
            better(bests[w], tokens[w], &best, &token);
        }
        surveys[blockIdx.y * CHUNKS + blockIdx.x] = {best, token, plain_best, sum};
    }
}

// The greatest logit of a row and the first token that has it: minus infinity and `count` where none is a number.
__device__ __forceinline__ void greatest(const Survey* surveys, float* best, int* token) {
    *best = surveys[0].best;
    *token = surveys[0].token;
    for (int c = 1; c < CHUNKS; c++) {
        better(surveys[c].best, surveys[c].token, best, token);
    }
}

// The weights of a row and their sum in each chunk, none for logits whose distance from the greatest is not a number;
// nothing for rows without temperature.
KERNEL(weigh, const float* logits, const Drawn* draws, const Survey* surveys, int count, const float* y, u64* weights,
       u64* sums) {
    __shared__ u64 sum;
    const Drawn& draw = draws[blockIdx.y];
    if (draw.temperature == 0.0f) {
        return;
    }
    float top;
    int token;
    greatest(surveys + blockIdx.y * CHUNKS, &top, &token);
    if (threadIdx.x == 0) {
        sum = 0;
    }
    __syncthreads();
    const float* row = chosen_from(logits, draws, blockIdx.y, count, y);
    u64* out = weights + (long long)blockIdx.y * count;
    int chunk = chunk_of(count);
    int end = min(count, (int)(blockIdx.x + 1) * chunk);
    u64 mine = 0;
    for (int i = blockIdx.x * chunk + threadIdx.x; i < end; i += blockDim.x) {
        double part = exp((double)((row[i] - top) / draw.temperature));
        u64 weight = part >= 0.0 ? (u64)(part * ONE) : 0;
        out[i] = weight;
        mine += weight;
    }
    atomicAdd(&sum, mine);
    __syncthreads();
    if (threadIdx.x == 0) {
        sums[blockIdx.y * CHUNKS + blockIdx.x] = sum;
    }
}

// Where a sum over entries in order first reaches a mass or a number.
struct Place {
    bool reached;
    int entry;
    // Of all before the entry, and of it.
    u64 before;
    u32 before_count;
    u64 mass;
    u32 count;
};

// Sets `place`, whose `before` and `before_count` say what came before the entries; `number` may be null. Not reached,
// the place is the last entry. Called by all threads; `size` is a multiple of the lanes.
__device__ __forceinline__ void locate(
    const u64* mass, const u32* number, int size, u64 target, u32 limit, Place* place) {
    __shared__ u64 masses[LANES];
    __shared__ u32 numbers[LANES];
    int each = size / LANES;
    __syncthreads();
    if (threadIdx.x < LANES) {
        u64 sum = 0;
        u32 all = 0;
        for (int i = threadIdx.x * each; i < (int)(threadIdx.x + 1) * each; i++) {
            sum += mass[i];
            all += number == nullptr ? 0 : number[i];
        }
        masses[threadIdx.x] = sum;
        numbers[threadIdx.x] = all;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        place->reached = false;
        place->entry = size - 1;
        for (int lane = 0; lane < LANES && !place->reached; lane++) {
            if (place->before + masses[lane] < target && place->before_count + numbers[lane] < limit) {
                place->before += masses[lane];
                place->before_count += numbers[lane];
                continue;
            }
            for (int i = lane * each; !place->reached; i++) {
                u32 here = number == nullptr ? 0 : number[i];
                if (place->before + mass[i] < target && place->before_count + here < limit) {
                    place->before += mass[i];
                    place->before_count += here;
                } else {
                    place->reached = true;
                    place->entry = i;
                    place->mass = mass[i];
                    place->count = here;
                }
            }
        }
    }
    __syncthreads();
}

__device__ __forceinline__ u32 key_of(float logit, float top, float temperature) {
    return __float_as_uint((logit - top) / temperature) & 0x7fffffffu;
}

// The key at which the weights of at least `least`, summed from the greatest on, first reach a mass or a number. Not
// reached, `place` holds the sum of all.
__device__ __forceinline__ u32 descend(
    const float* row, const u64* weights, int count, float top, float temperature, u64 least, u64 target, u32 limit,
    Place* place) {
    __shared__ u64 mass[BINS];
    __shared__ u32 number[BINS];
    __syncthreads();
    if (threadIdx.x == 0) {
        place->before = 0;
        place->before_count = 0;
    }
    u32 prefix = 0;
    for (int shift = 21; shift >= 0; shift = shift == 0 ? -1 : shift == 10 ? 0 : 10) {
        int bins = shift == 0 ? 1024 : BINS;
        for (int b = threadIdx.x; b < BINS; b += blockDim.x) {
            mass[b] = 0;
            number[b] = 0;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < count; i += blockDim.x) {
            u64 weight = weights[i];
            if (weight == 0 || weight < least) {
                continue;
            }
            u32 key = key_of(row[i], top, temperature);
            if (shift < 21 && key / bins >> shift != prefix) {
                continue;
            }
            atomicAdd(&mass[key >> shift & (bins - 1)], weight);
            atomicAdd(&number[key >> shift & (bins - 1)], 1u);
        }
        locate(mass, number, bins, target, limit, place);
        if (!place->reached) {
            return 0;
        }
        prefix = prefix * bins + place->entry;
    }
    return prefix;
}

// The first token, in order, at which the sum of what tokens count reaches `target`, which it does.
template <class Count>
__device__ __forceinline__ int token_at(int from, int end, u64 target, Count count, Place* place) {
    __shared__ u64 slices[1024];
    int each = (end - from + 1023) / 1024;
    __syncthreads();
    for (int s = threadIdx.x; s < 1024; s += blockDim.x) {
        u64 sum = 0;
        for (int i = from + s * each; i < min(end, from + (s + 1) * each); i++) {
            sum += count(i);
        }
        slices[s] = sum;
    }
    if (threadIdx.x == 0) {
        place->before = 0;
        place->before_count = 0;
    }
    locate(slices, nullptr, 1024, target, NO_LIMIT, place);
    u64 sum = place->before;
    int i = min(from + place->entry * each, end - 1);
    for (; i < end - 1; i++) {
        sum += count(i);
        if (sum >= target) {
            break;
        }
    }
    return i;
}

// A token of the likeliest, by the row's random number. `total`, the sum of all weights, is not 0.
__device__ __forceinline__ int drawn(
    const Drawn& draw, const float* row, const u64* weights, const u64* sums, u64 total, int count, float top) {
    __shared__ Place place;
    double uniform = (double)((u64)draw.uniform_high << 32 | draw.uniform_low) / 9007199254740992.0;
    if (draw.top_k == 0 && draw.top_p == 1.0f && draw.min_p == 0.0f) {
        u64 at = min((u64)(uniform * (double)total), total - 1) + 1;
        u64 before = 0;
        int c = 0;
        for (; c < CHUNKS - 1 && before + sums[c] < at; c++) {
            before += sums[c];
        }
        int chunk = chunk_of(count);
        return token_at(
            c * chunk, min(count, (c + 1) * chunk), at - before, [=](int i) { return weights[i]; }, &place);
    }
    u64 least = (u64)ceil((double)draw.min_p * ONE);
    u64 target = (u64)ceil((double)draw.top_p * (double)total);
    // All tokens below it together have less than what top-p leaves out: they need not be looked at.
    u64 floor = (u64)((1.0 - (double)draw.top_p) * (double)total / (double)count);
    u32 limit = draw.top_k == 0 ? NO_LIMIT : (u32)draw.top_k;
    least = max(least, floor);
    descend(row, weights, count, top, draw.temperature, least, target, limit, &place);
    u64 kept = place.before;
    if (place.reached) {
        u64 one = place.mass / place.count;
        u64 by_number = limit == NO_LIMIT ? place.count : limit - place.before_count;
        u64 by_mass = target > place.before ? (target - place.before + one - 1) / one : 1;
        kept += one * max((u64)1, min((u64)place.count, min(by_number, by_mass)));
    }
    u64 at = min((u64)(uniform * (double)kept), kept - 1);
    u32 key = descend(row, weights, count, top, draw.temperature, least, at + 1, NO_LIMIT, &place);
    u64 which = (at - place.before) / (place.mass / place.count) + 1;
    float temperature = draw.temperature;
    return token_at(
        0, count, which, [=](int i) { return (u64)(weights[i] > 0 && key_of(row[i], top, temperature) == key); },
        &place);
}

// The token of each row and its log probability under the model itself. Where no token weighs anything the first of the
// greatest is taken, token 0 where no logit is a number. One block per row.
BOUNDED_KERNEL(PICK_THREADS, pick, const float* logits, const Drawn* draws, const Survey* surveys, int count, const float* y,
       const u64* weights, const u64* sums, int* tokens, float* logprobs) {
    const Drawn& draw = draws[blockIdx.x];
    const Survey* mine = surveys + blockIdx.x * CHUNKS;
    float top;
    int token;
    greatest(mine, &top, &token);
    token = token < count ? token : 0;
    if (draw.temperature != 0.0f) {
        const u64* parts = sums + blockIdx.x * CHUNKS;
        u64 total = 0;
        for (int c = 0; c < CHUNKS; c++) {
            total += parts[c];
        }
        if (total != 0) {
            const float* row = chosen_from(logits, draws, blockIdx.x, count, y);
            token = drawn(draw, row, weights + (long long)blockIdx.x * count, parts, total, count, top);
        }
    }
    if (threadIdx.x == 0) {
        float best = minus_infinity();
        for (int c = 0; c < CHUNKS; c++) {
            best = fmaxf(best, mine[c].plain_best);
        }
        double sum = 0.0;
        for (int c = 0; c < CHUNKS; c++) {
            sum += mine[c].plain_sum == 0.0f ? 0.0 : exp((double)(mine[c].plain_best - best)) * mine[c].plain_sum;
        }
        tokens[blockIdx.x] = token;
        logprobs[blockIdx.x] = (float)((double)logits[(long long)draw.row * count + token] - ((double)best + log(sum)));
    }
}
