package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;

/**
 * How attention is cut into blocks. It depends on how many sequences there are and how long they may be, not on how long
 * they are, so that a recorded pass fits every later one of as many sequences.
 *
 * @param group queries of a key-value head that one block takes together
 * @param parts elements of a head that one lane holds
 * @param splits blocks that share the keys of one sequence
 * @param decode blocks for sequences of one new token, null if there are none
 * @param together heads that one block of the prefill kernel takes by tensor cores; 0 if it does without
 * @param prefill blocks for pieces of sequences, null if there are none
 */
record AttentionPlan(int group, int parts, int splits, Grid decode, int together, Grid prefill) {
    /** Query rows that a block of the prefill kernel takes. */
    static final int TILE = 32;

    static final int LARGEST_HEAD = 256;
    private static final int THREADS = 128;
    static final int WARPS = THREADS / 32;
    private static final int MOST_SPLITS = 64;
    /** Rows of a tensor core's fragment. */
    static final int MMA_ROWS = 16;

    private static final int MOST_TOGETHER = 4;
    /** Fewer pages than this are not worth a block of their own. */
    private static final int LEAST_PAGES = 4;

    /**
     * @param rounded whether keys and values may be multiplied as BF16
     * @param decodes sequences of one new token
     * @param tiles pieces of up to {@value #TILE} new tokens of other sequences
     * @param pages most that a sequence has
     */
    static AttentionPlan of(Ops.Heads heads, boolean rounded, int decodes, int tiles, int pages, int processors) {
        if (heads.size() > LARGEST_HEAD) {
            throw new IllegalArgumentException(
                    "heads of " + heads.size() + " elements; the CUDA kernels take up to " + LARGEST_HEAD);
        }
        int shared = heads.count() / heads.kv();
        int group = shared == 1 ? 1 : shared <= 4 ? 4 : 8;
        int parts = heads.size() <= 64 ? 2 : heads.size() <= 128 ? 4 : 8;
        int blocks = heads.kv() * Math.ceilDiv(shared, group);
        int wanted = Math.ceilDiv(2 * processors, Math.max(1, decodes * blocks));
        int splits = Math.clamp(Math.min(wanted, Math.ceilDiv(pages, LEAST_PAGES)), 1, MOST_SPLITS);
        Grid decode = decodes == 0
                ? null
                : new Grid(blocks, decodes, splits, THREADS, 4 * WARPS * group * (heads.size() + 2));
        int together = rounded && heads.size() % 8 == 0 ? Math.min(shared, MOST_TOGETHER) : 0;
        Grid prefill = tiles == 0 ? null : together == 0 ? scalar(heads, tiles) : tensor(heads, tiles, together);
        return new AttentionPlan(group, parts, splits, decode, together, prefill);
    }

    private static Grid scalar(Ops.Heads heads, int tiles) {
        int queriesAndPage = (TILE + KvPool.PAGE) * (heads.size() + 1);
        return new Grid(tiles, heads.count(), 1, THREADS, 4 * (queriesAndPage + TILE * (KvPool.PAGE + 1)));
    }

    private static Grid tensor(Ops.Heads heads, int tiles, int together) {
        int chunks = Math.ceilDiv(heads.count() / heads.kv(), together);
        return new Grid(tiles, heads.kv() * chunks, 1, TILE / MMA_ROWS * 32 * together, 0);
    }

    /** Bytes that the splits of all sequences leave to be merged. */
    long partialBytes(Ops.Heads heads, int decodes) {
        return splits == 1 ? 0 : 4L * decodes * heads.count() * splits * (heads.size() + 2);
    }

    String decodeKernel(String store) {
        return "decode_" + store + "_" + group + "_" + parts;
    }

    /** The kernel file. */
    String prefillFile() {
        return together > 0 ? "attention_mma" : "attention_prefill";
    }

    /** Without tensor cores four threads share a row, so each holds eight times what a lane does. */
    String prefillKernel(String store) {
        return together > 0 ? "attend_" + store + "_" + 32 * parts : "prefill_" + store + "_" + 8 * parts;
    }
}
