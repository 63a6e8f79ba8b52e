package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvCache;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;

/**
 * Keys and values in device memory. A page holds all layers, so that it is copied at once; in each layer it holds the
 * keys of every key-value head, token after token, and then the values likewise. One page more than is asked for takes
 * what rows write that only fill up a recorded pass.
 */
public final class CudaKvCache implements KvCache {
    private final Gpu gpu;
    private final DeviceMemory memory;
    private final int pages;
    private final DType dtype;
    private final Ops.Heads heads;
    private final int tokenBytes;
    private final long layerBytes;
    private final long pageBytes;
    private final long base;

    /** @param dtype F32, F16, BF16, F8_E4M3 or Q8 */
    public CudaKvCache(DevicePool pool, int pages, int layers, Ops.Heads heads, DType dtype) {
        this.gpu = pool.gpu();
        this.memory = new DeviceMemory(pool, DevicePool.CACHE);
        this.pages = pages;
        this.dtype = dtype;
        this.heads = heads;
        this.tokenBytes = tokenBytes(heads, dtype);
        this.layerBytes = 2L * heads.kv() * KvPool.PAGE * tokenBytes;
        this.pageBytes = layers * layerBytes;
        this.base = memory.allocate((pages + 1) * pageBytes);
    }

    /** Bytes that a page of such a cache takes. */
    public static long pageBytes(int layers, Ops.Heads heads, DType dtype) {
        return 2L * layers * heads.kv() * KvPool.PAGE * tokenBytes(heads, dtype);
    }

    /** Of a head's vector; the last block of one that has blocks is whole. */
    private static int tokenBytes(Ops.Heads heads, DType dtype) {
        return switch (dtype) {
            case F32, F16, BF16, F8_E4M3, Q8 -> Math.ceilDiv(heads.size(), dtype.blockElements()) * dtype.blockBytes();
            default ->
                throw new IllegalArgumentException("keys and values cannot be stored as " + dtype.label()
                        + " on a CUDA device; F32, F16, BF16, F8_E4M3 and Q8_0 are possible");
        };
    }

    /** Whether what is stored has no more digits than tensor cores multiply, or hardly more. */
    boolean rounded() {
        return dtype != DType.F32;
    }

    /** What its format is called in the kernels' names. */
    String format() {
        return switch (dtype) {
            case F16 -> "f16";
            case BF16 -> "bf16";
            case F8_E4M3 -> "f8_e4m3";
            case Q8 -> "q8_0";
            default -> "f32";
        };
    }

    /** What kernels over a cache take: where a layer's keys and values begin, and how far apart pages, heads and tokens are. */
    Arguments put(Arguments arguments, int layer) {
        long keys = base + layer * layerBytes;
        return arguments
                .put(keys)
                .put(keys + layerBytes / 2)
                .put(pageBytes)
                .put((long) KvPool.PAGE * tokenBytes)
                .put(tokenBytes);
    }

    @Override
    public int pages() {
        return pages;
    }

    /** The page that no sequence has. */
    public int sparePage() {
        return pages;
    }

    @Override
    public void copy(int from, int to) {
        gpu.copy(base + from * pageBytes, base + to * pageBytes, pageBytes);
    }

    @Override
    public long bytes() {
        return memory.bytes();
    }

    @Override
    public void close() {
        gpu.synchronize();
        memory.close();
    }
}
