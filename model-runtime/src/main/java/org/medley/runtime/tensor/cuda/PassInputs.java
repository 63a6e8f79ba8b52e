package org.medley.runtime.tensor.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Memory;

/**
 * The integers of a pass, brought to the device at once before it begins: ids, positions, wanted rows, slots of the
 * cache, of every sequence what attention has to know, and through which low-rank additions rows go. Where each lies depends only on how many there are, so that
 * a recorded pass finds those of a later one.
 */
final class PassInputs {
    /** Row, keys and place of the table. */
    private static final int DECODE = 3;
    /** First row, rows, position of the first, keys, and place of the table. */
    private static final int TILE = 5;

    private final Gpu gpu;
    private final int capacity;
    private final long host;
    private final long device;
    private Batch batch;
    private int[] rows;
    /** Parts that rows go through, of all and of those wanted. */
    private int[] chosen;

    private int[] chosenWanted;
    private int tablePages;
    private int decodes;
    private int tiles;
    private long base;

    /** @param capacity integers that a pass may have to be recorded */
    PassInputs(Gpu gpu, DeviceMemory memory, int capacity) {
        this.gpu = gpu;
        this.capacity = capacity;
        this.host = gpu.allocateHost(4L * capacity);
        this.device = memory.allocate(4L * capacity);
    }

    /** Integers of a pass of so many sequences of one new token each. */
    static int decodeInts(int sequences, int tablePages) {
        return sequences * (4 + DECODE + tablePages);
    }

    Batch batch() {
        return batch;
    }

    /**
     * @param parts that each row goes through, empty for none
     * @param leastPages room that each sequence's table has at least
     */
    void bring(Batch next, int[] wanted, int[] parts, int leastPages, DeviceWorkspace workspace) {
        batch = next;
        rows = wanted;
        chosen = parts;
        chosenWanted = parts.length == 0
                ? parts
                : Arrays.stream(wanted).map(row -> parts[row]).toArray();
        tablePages = leastPages;
        for (Batch.Span span : next.spans()) {
            tablePages = Math.max(tablePages, Math.ceilDiv(span.past() + span.rows(), KvPool.PAGE));
        }
        int[] values = values();
        gpu.synchronize();
        if (values.length <= capacity) {
            base = device;
            MemorySegment.copy(values, 0, Memory.ALL, ValueLayout.JAVA_INT_UNALIGNED, host, values.length);
            gpu.upload(host, base, 4L * values.length);
        } else {
            base = workspace.allocate(4L * values.length);
            upload(gpu, values, base);
        }
    }

    /** Brings integers over that come up in the middle of a pass. */
    static void upload(Gpu gpu, int[] values, long to) {
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            gpu.upload(arena.allocateFrom(ValueLayout.JAVA_INT, values).address(), to, 4L * values.length);
            gpu.synchronize();
        }
    }

    private int[] values() {
        int[] tables = new int[batch.spans().size() * tablePages];
        int[] slots = new int[batch.rows()];
        List<int[]> single = new ArrayList<>();
        List<int[]> pieces = new ArrayList<>();
        for (int s = 0; s < batch.spans().size(); s++) {
            Batch.Span span = batch.spans().get(s);
            int at = s * tablePages;
            int keys = span.past() + span.rows();
            for (int page = 0; page < Math.ceilDiv(keys, KvPool.PAGE); page++) {
                tables[at + page] = batch.cache() == null ? span.row() + page * KvPool.PAGE : span.pages()[page];
            }
            for (int i = 0; batch.cache() != null && i < span.rows(); i++) {
                int token = span.past() + i;
                slots[span.row() + i] = span.pages()[token / KvPool.PAGE] * KvPool.PAGE + token % KvPool.PAGE;
            }
            if (span.rows() == 1 && batch.cache() != null) {
                single.add(new int[] {span.row(), keys, at});
                continue;
            }
            for (int i = 0; i < span.rows(); i += AttentionPlan.TILE) {
                int count = Math.min(AttentionPlan.TILE, span.rows() - i);
                pieces.add(new int[] {span.row() + i, count, span.past() + i, keys, at});
            }
        }
        decodes = single.size();
        tiles = pieces.size();
        int[] values = new int[at(9)];
        System.arraycopy(batch.tokens(), 0, values, at(0), batch.rows());
        System.arraycopy(batch.positions(), 0, values, at(1), batch.rows());
        System.arraycopy(rows, 0, values, at(2), rows.length);
        System.arraycopy(slots, 0, values, at(3), slots.length);
        copy(single, values, at(4));
        copy(pieces, values, at(5));
        System.arraycopy(tables, 0, values, at(6), tables.length);
        System.arraycopy(chosen, 0, values, at(7), chosen.length);
        System.arraycopy(chosenWanted, 0, values, at(8), chosenWanted.length);
        return values;
    }

    private static void copy(List<int[]> from, int[] to, int at) {
        for (int[] values : from) {
            System.arraycopy(values, 0, to, at, values.length);
            at += values.length;
        }
    }

    /** Where a section begins; the last begins where all end. */
    private int at(int section) {
        int[] lengths = {
            batch.rows(),
            batch.rows(),
            rows.length,
            batch.rows(),
            DECODE * decodes,
            TILE * tiles,
            batch.spans().size() * tablePages,
            chosen.length,
            chosenWanted.length
        };
        return Arrays.stream(lengths).limit(section).sum();
    }

    /** Address of an array that was brought, 0 if it was not. */
    long find(int[] array) {
        if (batch == null) {
            return 0;
        }
        int section = array == batch.tokens() ? 0 : array == batch.positions() ? 1 : array == rows ? 2 : parts(array);
        return section < 0 ? 0 : base + 4L * at(section);
    }

    /** The parts of the wanted rows come in an array of the caller's own. */
    private int parts(int[] array) {
        return array == chosen ? 7 : Arrays.equals(array, chosenWanted) ? 8 : -1;
    }

    long slots() {
        return base + 4L * at(3);
    }

    long decodes() {
        return base + 4L * at(4);
    }

    long tiles() {
        return base + 4L * at(5);
    }

    long tables() {
        return base + 4L * at(6);
    }

    int decodeCount() {
        return decodes;
    }

    int tileCount() {
        return tiles;
    }

    int tablePages() {
        return tablePages;
    }
}
