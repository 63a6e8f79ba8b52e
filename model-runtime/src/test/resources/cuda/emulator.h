// Runs a CUDA kernel on the processor, block after block. Every thread of a block is a fiber; a barrier and a shuffle
// wait for all threads that must take part, and a kernel in which they never come is refused instead of hanging.
#include <cmath>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <link.h>
#include <map>
#include <string>
#include <tuple>
#include <ucontext.h>
#include <utility>
#include <vector>

#define EMULATED
#define __device__
#define __global__
#define __forceinline__ inline
// Of the one thread that all fibers run on, so that a library's shared memory lies together and can be filled.
#define __shared__ static thread_local
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(emulator::dynamic)

struct Three { unsigned x, y, z; };
struct float4 { float x, y, z, w; };
struct uint2 { unsigned x, y; };
struct uint4 { unsigned x, y, z, w; };
static Three threadIdx, blockIdx, blockDim, gridDim;
using std::max;
using std::min;

static inline float __uint_as_float(unsigned bits) { float f; memcpy(&f, &bits, 4); return f; }
static inline unsigned __float_as_uint(float f) { unsigned bits; memcpy(&bits, &f, 4); return bits; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline int __float2int_rn(float f) { return (int)lrintf(f); }

// Threads run one after the other between barriers, so that nothing comes between.
template <class T> static T atomicAdd(T* at, T value) { T before = *at; *at += value; return before; }
template <class T> static T atomicMax(T* at, T value) { T before = *at; *at = max(before, value); return before; }

namespace emulator {
struct Barrier { unsigned arrived = 0; unsigned generation = 0; };
struct Fiber { ucontext_t start; jmp_buf here; bool begun; bool done; };

static const size_t STACK = 256 << 10;
static std::vector<char> stacks;
static std::vector<Fiber> fibers;
static std::vector<Barrier> warps;
static std::vector<unsigned> exchanged;
struct Fragments { unsigned a[4]; unsigned b[2]; };
static std::vector<Fragments> fragments;
static Barrier block;
static jmp_buf scheduler;
static unsigned current;
static bool progress;
static void* dynamic;
static void (*body)(void**);
static void** arguments;

static void yield() {
    if (_setjmp(fibers[current].here) == 0) {
        _longjmp(scheduler, 1);
    }
}
static void wait(Barrier& barrier, unsigned size) {
    unsigned generation = barrier.generation;
    if (++barrier.arrived == size) {
        barrier.arrived = 0;
        barrier.generation++;
        progress = true;
    }
    while (barrier.generation == generation) {
        yield();
    }
}
// A fiber runs thread after thread: making one asks the system for more than most threads do.
static void fiber() {
    for (;;) {
        body(arguments);
        fibers[current].done = true;
        progress = true;
        yield();
    }
}
template <class T>
static T exchange(T value, unsigned from) {
    static_assert(sizeof(T) == 4, "shuffles are of 32 bits");
    unsigned warp = current / 32;
    unsigned lanes = min(32u, blockDim.x - warp * 32);
    memcpy(&exchanged[current], &value, 4);
    wait(warps[warp], lanes);
    T other;
    memcpy(&other, &exchanged[warp * 32 + from], 4);
    wait(warps[warp], lanes);
    return other;
}
// What a kernel's threads may be at most: more might not get the registers that it was compiled for.
struct Entry { void (*thunk)(void**); int most; };
typedef std::map<std::string, Entry> Registry;
static Registry& registry() { static Registry kernels; return kernels; }
template <class... A, size_t... I>
static void call(void (*kernel)(A...), void** args, std::index_sequence<I...>) {
    kernel(*reinterpret_cast<std::remove_reference_t<A>*>(args[I])...);
}
template <auto kernel> struct Thunk;
template <class... A, void (*kernel)(A...)> struct Thunk<kernel> {
    static void run(void** args) { call(kernel, args, std::index_sequence_for<A...>()); }
};
struct Registered {
    Registered(const char* name, void (*thunk)(void**), int most) { registry()[name] = {thunk, most}; }
};

static thread_local char marker;
struct Span { void* from; size_t bytes; };
// Where the shared memory of this library's kernels lies.
static Span shared_memory() {
    Span found = {nullptr, 0};
    // It is there from the first touch on.
    *const_cast<volatile char*>(&marker) = 0;
    dl_iterate_phdr([](dl_phdr_info* info, size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const ElfW(Phdr)& part = info->dlpi_phdr[i];
            char* from = static_cast<char*>(info->dlpi_tls_data);
            if (part.p_type == PT_TLS && from != nullptr && from <= &marker && &marker < from + part.p_memsz) {
                *static_cast<Span*>(out) = {from, part.p_memsz};
                return 1;
            }
        }
        return 0;
    }, &found);
    return found;
}
}

#define BOUNDED_KERNEL(threads, name, ...)                                                      \
    static void name(__VA_ARGS__);                                                              \
    static emulator::Registered registered_##name(#name, emulator::Thunk<&name>::run, threads); \
    static void name(__VA_ARGS__)
#define KERNEL(name, ...) BOUNDED_KERNEL(256, name, __VA_ARGS__)

static inline void __syncthreads() { emulator::wait(emulator::block, blockDim.x); }
template <class T> static T __shfl_xor_sync(unsigned, T value, int lane) {
    return emulator::exchange(value, (emulator::current % 32) ^ (unsigned)lane);
}
template <class T> static T __shfl_sync(unsigned, T value, int lane) {
    return emulator::exchange(value, (unsigned)lane);
}

// mma.m16n8k16 of BF16 as its documentation shares the matrices out: lane l has of a the rows l / 4 and l / 4 + 8 and the
// columns 2 * (l % 4) and + 8 in pairs, of b the same columns as rows in column l / 4, of c rows as of a and columns in pairs.
static inline float emulated_half(unsigned both, int which) {
    return __uint_as_float(which == 0 ? both << 16 : both & 0xffff0000u);
}
static inline void mma_bf16(float* c, const unsigned* a, unsigned b0, unsigned b1) {
    using namespace emulator;
    unsigned warp = current / 32;
    unsigned lane = current % 32;
    fragments[current] = {{a[0], a[1], a[2], a[3]}, {b0, b1}};
    wait(warps[warp], 32);
    for (unsigned i = 0; i < 4; i++) {
        unsigned row = lane / 4 + i / 2 * 8;
        unsigned column = lane % 4 * 2 + i % 2;
        double sum = c[i];
        for (unsigned k = 0; k < 16; k++) {
            const Fragments& left = fragments[warp * 32 + row % 8 * 4 + k % 8 / 2];
            const Fragments& right = fragments[warp * 32 + column * 4 + k % 8 / 2];
            sum += (double)emulated_half(left.a[row / 8 + k / 8 * 2], k % 2) * emulated_half(right.b[k / 8], k % 2);
        }
        c[i] = (float)sum;
    }
    wait(warps[warp], 32);
}

extern "C" int emulator_has(const char* name) { return emulator::registry().count(name); }

// 0 when it ran, 1 if threads wait for others that never come, 2 if they are too many, 3 if shared memory is not found.
extern "C" int emulator_run(const char* name, int gx, int gy, int gz, int threads, int shared, void** args) {
    using namespace emulator;
    if (threads > registry().at(name).most) {
        return 2;
    }
    Span declared = shared_memory();
    if (declared.from == nullptr) {
        return 3;
    }
    body = registry().at(name).thunk;
    arguments = args;
    gridDim = {(unsigned)gx, (unsigned)gy, (unsigned)gz};
    blockDim = {(unsigned)threads, 1, 1};
    if (fibers.size() < (size_t)threads) {
        stacks.assign(STACK * threads, 0);
        fibers.assign(threads, Fiber());
    }
    exchanged.resize((threads + 31) / 32 * 32);
    fragments.resize((threads + 31) / 32 * 32);
    std::vector<float> memory(shared / 4 + 1);
    dynamic = memory.data();
    for (unsigned b = 0; b < (unsigned)gx * gy * gz; b++) {
        blockIdx = {b % gx, b / gx % gy, b / gx / gy};
        std::fill(memory.begin(), memory.end(), NAN);
        // NaN as F32: what a block before left is not there for this one.
        memset(declared.from, 0xff, declared.bytes);
        warps.assign((threads + 31) / 32, Barrier());
        block = Barrier();
        for (Fiber& f : fibers) {
            f.done = false;
        }
        volatile int left = threads;
        volatile bool backwards = b % 2 != 0;
        while (left > 0) {
            progress = false;
            // Now the first thread goes first, now the last: what only one order makes right shows.
            backwards = !backwards;
            for (volatile unsigned turn = 0; turn < (unsigned)threads; turn = turn + 1) {
                volatile unsigned t = backwards ? threads - 1 - turn : (unsigned)turn;
                if (fibers[t].done) {
                    continue;
                }
                current = t;
                threadIdx = {t, 0, 0};
                if (_setjmp(scheduler) == 0) {
                    if (fibers[t].begun) {
                        _longjmp(fibers[t].here, 1);
                    }
                    fibers[t].begun = true;
                    progress = true;
                    getcontext(&fibers[t].start);
                    fibers[t].start.uc_stack.ss_sp = stacks.data() + STACK * t;
                    fibers[t].start.uc_stack.ss_size = STACK;
                    makecontext(&fibers[t].start, fiber, 0);
                    setcontext(&fibers[t].start);
                }
                if (fibers[t].done) {
                    left = left - 1;
                }
            }
            if (!progress) {
                fibers.clear();
                return 1;
            }
        }
    }
    return 0;
}
