package org.medley.runtime.tensor.cuda;

/**
 * Moves memory among devices of one machine, its ranks. It adds nothing up, since a library that does chooses an order
 * that may differ from call to call: what arrives is added up by who asked. What is asked for is put into the queues of
 * all devices, after what each was asked for before, and is not waited for. Used by one thread, while no other uses the
 * devices. Calls that are refused throw an {@link IllegalStateException} that names call and rank.
 */
public interface Collectives extends AutoCloseable {
    /**
     * Every rank sends each rank something else: what lies {@code to · fromStride} behind {@code from[rank]} comes to
     * {@code rank · toStride} behind {@code to[to]}. No memory is both read and written.
     *
     * @param from by rank
     * @param to by rank
     * @param bytes from each rank to each
     */
    void exchange(long[] from, long fromStride, long[] to, long toStride, long bytes);

    /**
     * Every rank sends all the same: what lies at {@code from[rank]} comes to {@code rank · bytes} behind every {@code
     * to}, and may lie there already.
     */
    void gather(long[] from, long[] to, long bytes);

    @Override
    void close();
}
