package org.medley.runtime.tensor.cuda;

/**
 * A device with memory of its own and one queue of work, which it does in order. All but {@link #synchronize()} and
 * {@link #download} return before the work is done. Used by one thread. Calls that the device refuses throw an
 * {@link IllegalStateException} with its reason.
 */
public interface Gpu extends AutoCloseable {
    /**
     * @param capability compute capability times ten
     * @param processors how many blocks it works on at once, at least
     * @param blockShared bytes that the threads of a block may share
     * @param memory bytes that were to be had when it was opened
     */
    record Properties(String name, int capability, int processors, int blockShared, long memory) {}

    /** A function of a kernel file, with the device's own name for it. */
    record Kernel(String name, long handle) {}

    /** Work that was recorded and can be repeated, reading what then lies at the same addresses. */
    interface Graph extends AutoCloseable {
        void launch();

        @Override
        void close();
    }

    Properties properties();

    /** Device memory, aligned to 256 bytes, whose contents are whatever lay there before. */
    long allocate(long bytes);

    void free(long address);

    /** Host memory that the device reads and writes by itself; freed with the device. */
    long allocateHost(long bytes);

    /** From host memory, which must stay as it is until the work is done. */
    void upload(long from, long to, long bytes);

    /** To host memory; returns when it is there. */
    void download(long from, long to, long bytes);

    void copy(long from, long to, long bytes);

    void zero(long address, long bytes);

    /** @param file of the kernel sources, without ending */
    Kernel kernel(String file, String name);

    void launch(Kernel kernel, Grid grid, Arguments arguments);

    /** Whether it knows a way to compute a product. */
    boolean multiplies(Product product);

    void multiply(Product product, Product.Operand x, Product.Operand weight, long out);

    /** Records what {@code work} asks for instead of doing it. It must neither allocate nor wait. */
    Graph record(Runnable work);

    /** Waits until all is done. */
    void synchronize();

    @Override
    void close();
}
