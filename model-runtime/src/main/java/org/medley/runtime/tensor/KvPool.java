package org.medley.runtime.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.medley.runtime.tensor.kernel.KvCodec;

/**
 * Keys and values of all sequences of a model, in pages of {@value #PAGE} tokens that sequences share or own as a
 * scheduler decides. A page holds every layer and head; within it keys and values of a head lie as the panels that
 * attention multiplies from.
 */
public final class KvPool implements KvCache {
    /** Tokens of a page. */
    public static final int PAGE = KvCodec.TOKENS;

    private static final int SLAB = 16;

    private final Arena arena = Arena.ofShared();
    /** Memory for {@value #SLAB} pages each, taken when the first of them is written. */
    private final MemorySegment[] slabs;

    private final int pages;
    private final int kvHeads;
    private final int headSize;
    private final DType dtype;
    private final long headBytes;
    private final long layerBytes;
    private final long pageBytes;

    /** @param dtype what elements are stored as: F32, F16, BF16, F8_E4M3 or Q8 */
    public KvPool(int pages, int layers, int kvHeads, int headSize, DType dtype) {
        this.pages = pages;
        this.kvHeads = kvHeads;
        this.headSize = headSize;
        this.dtype = dtype;
        this.headBytes = KvCodec.keyBytes(dtype, headSize) + KvCodec.valueBytes(dtype, headSize);
        this.layerBytes = kvHeads * headBytes;
        this.pageBytes = layers * layerBytes;
        this.slabs = new MemorySegment[Math.ceilDiv(pages, SLAB)];
    }

    /** Bytes that a page of such a pool takes. */
    public static long pageBytes(int layers, int kvHeads, int headSize, DType dtype) {
        return (long) layers * kvHeads * (KvCodec.keyBytes(dtype, headSize) + KvCodec.valueBytes(dtype, headSize));
    }

    @Override
    public int pages() {
        return pages;
    }

    public DType dtype() {
        return dtype;
    }

    public int headSize() {
        return headSize;
    }

    public long keys(int page, int layer, int head) {
        return page(page) + layer * layerBytes + head * headBytes;
    }

    public long values(int page, int layer, int head) {
        return keys(page, layer, head) + KvCodec.keyBytes(dtype, headSize);
    }

    /** Stores one token's keys and values of all heads in a layer: two rows of F32 [kvHeads × headSize]. */
    void write(int layer, int page, int token, long keyRow, long valueRow) {
        for (int head = 0; head < kvHeads; head++) {
            long offset = 4L * head * headSize;
            KvCodec.writeKey(dtype, keyRow + offset, headSize, keys(page, layer, head), token);
            KvCodec.writeValue(dtype, valueRow + offset, headSize, values(page, layer, head), token);
        }
    }

    @Override
    public long bytes() {
        return Arrays.stream(slabs)
                .filter(Objects::nonNull)
                .mapToLong(MemorySegment::byteSize)
                .sum();
    }

    @Override
    public void copy(int from, int to) {
        Memory.copy(page(from), page(to), pageBytes);
    }

    private long page(int page) {
        MemorySegment slab = slabs[page / SLAB];
        if (slab == null) {
            slab = arena.allocate(Math.min(SLAB, pages - page / SLAB * SLAB) * pageBytes, 64);
            slabs[page / SLAB] = slab;
        }
        return slab.address() + page % SLAB * pageBytes;
    }

    @Override
    public void close() {
        arena.close();
    }
}
