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
    private final long elementBytes;
    private final Ops.Heads heads;
    private final long layerElements;
    private final long pageElements;
    private final long base;

    /** @param dtype F32, F16, BF16 or F8_E4M3 */
    public CudaKvCache(Gpu gpu, int pages, int layers, Ops.Heads heads, DType dtype) {
        this.gpu = gpu;
        this.memory = new DeviceMemory(gpu);
        this.pages = pages;
        this.dtype = dtype;
        this.elementBytes = elementBytes(dtype);
        this.heads = heads;
        this.layerElements = 2L * heads.kv() * KvPool.PAGE * heads.size();
        this.pageElements = layers * layerElements;
        this.base = memory.allocate((pages + 1) * pageElements * elementBytes);
    }

    /** Bytes that a page of such a cache takes. */
    public static long pageBytes(int layers, Ops.Heads heads, DType dtype) {
        return 2L * layers * heads.kv() * KvPool.PAGE * heads.size() * elementBytes(dtype);
    }

    private static long elementBytes(DType dtype) {
        return switch (dtype) {
            case F32, F16, BF16, F8_E4M3 -> dtype.bytes(1);
            default ->
                throw new IllegalArgumentException("keys and values cannot be stored as " + dtype.label()
                        + " on a CUDA device; F32, F16, BF16 and F8_E4M3 are possible");
        };
    }

    /** What its format is called in the kernels' names. */
    String format() {
        return switch (dtype) {
            case F16 -> "f16";
            case BF16 -> "bf16";
            case F8_E4M3 -> "f8_e4m3";
            default -> "f32";
        };
    }

    /** What kernels over a cache take: where a layer's keys and values begin, and how far apart pages, heads and tokens are. */
    Arguments put(Arguments arguments, int layer) {
        long keys = base + layer * layerElements * elementBytes;
        return arguments
                .put(keys)
                .put(keys + layerElements / 2 * elementBytes)
                .put(pageElements)
                .put((long) KvPool.PAGE * heads.size())
                .put(heads.size());
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
        long bytes = pageElements * elementBytes;
        gpu.copy(base + from * bytes, base + to * bytes, bytes);
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
