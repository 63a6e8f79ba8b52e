package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;

/**
 * How trained tensors lie one after the other in a run of F32 elements, which is cut into as many equal shards as there
 * are devices. What trains a tensor's elements is whatever device's shard they lie in: a tensor may be cut anywhere.
 *
 * @param spans of tensors by name, in their order
 * @param size elements of a shard
 */
record Shards(Map<String, Span> spans, int ranks, long size) {
    /** What places of tensors and sizes of shards are multiples of: 256 bytes, as of memory taken by itself. */
    private static final long ALIGNMENT = 64;

    /** @param start elements before the tensor's first */
    record Span(long start, long count) {}

    /**
     * What a shard has of a tensor.
     *
     * @param from elements of the tensor that lie before it
     * @param at elements of the shard that lie before it
     */
    record Piece(String name, long from, long count, long at) {}

    static Shards of(Map<String, Tensor> tensors, int ranks) {
        Map<String, Span> spans = new LinkedHashMap<>();
        long end = 0;
        for (var entry : tensors.entrySet()) {
            spans.put(entry.getKey(), new Span(end, entry.getValue().size()));
            end = aligned(end + entry.getValue().size());
        }
        return new Shards(spans, ranks, size(end, ranks));
    }

    /** Elements of a shard of so many. */
    static long size(long elements, int ranks) {
        return aligned(Math.ceilDiv(elements, (long) ranks));
    }

    private static long aligned(long elements) {
        return Math.ceilDiv(elements, ALIGNMENT) * ALIGNMENT;
    }

    /** Bytes of a shard. */
    long bytes() {
        return Float.BYTES * size;
    }

    /** Bytes of all shards. */
    long allBytes() {
        return ranks * bytes();
    }

    /** Bytes before a tensor. */
    long before(String name) {
        return Float.BYTES * spans.get(name).start;
    }

    /** What a rank's shard has, in the order of the tensors. */
    List<Piece> pieces(int rank) {
        long begin = rank * size;
        List<Piece> pieces = new ArrayList<>();
        spans.forEach((name, span) -> {
            long from = Math.max(span.start, begin);
            long to = Math.min(span.start + span.count, begin + size);
            if (from < to) {
                pieces.add(new Piece(name, from - span.start, to - from, from - begin));
            }
        });
        return pieces;
    }
}
