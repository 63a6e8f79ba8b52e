package org.medley.runtime.tensor;

/**
 * Where keys and values of earlier tokens lie, in pages of {@link KvPool#PAGE} tokens, on the device whose {@link Ops}
 * read and write them.
 */
public interface KvCache extends AutoCloseable {
    int pages();

    /** Makes page {@code to} equal to page {@code from}. */
    void copy(int from, int to);

    /** Bytes held so far. */
    long bytes();

    @Override
    void close();
}
