package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import org.medley.runtime.tensor.Memory;

/** A device that computes nothing and gives zeros: says what is held, recorded and closed, also when calls fail. */
public final class NullGpu implements Gpu {
    private final Arena arena = Arena.ofShared();
    private final Map<Long, Long> blocks = new HashMap<>();
    private long next = 1L << 40;
    private long held;
    private long mostHeld;
    private int recorded;
    private int waits;
    private boolean failing;
    /** How often memory is to be had yet. */
    private int allocations = Integer.MAX_VALUE;

    private boolean closed;

    /** From now on launches, waits and frees are refused, or are not. */
    public void fail(boolean now) {
        failing = now;
    }

    /** Memory is to be had so many times yet. */
    public void fullAfter(int times) {
        allocations = times;
    }

    /** Most bytes held at once. */
    public long mostHeld() {
        return mostHeld;
    }

    /** Passes that were recorded. */
    public int recorded() {
        return recorded;
    }

    /** How often all was waited for. */
    public int waits() {
        return waits;
    }

    public boolean closed() {
        return closed;
    }

    private void check(String call) {
        if (failing) {
            throw new IllegalStateException(call + " is refused");
        }
    }

    @Override
    public Properties properties() {
        return new Properties("null", 80, 4, 96 << 10, 1L << 40);
    }

    @Override
    public long allocate(long bytes) {
        if (allocations-- <= 0) {
            throw new IllegalStateException("out of memory");
        }
        long address = next;
        next += Math.ceilDiv(bytes, 256) * 256;
        blocks.put(address, bytes);
        held += bytes;
        mostHeld = Math.max(mostHeld, held);
        return address;
    }

    @Override
    public void free(long address) {
        check("free");
        held -= blocks.remove(address);
    }

    @Override
    public long allocateHost(long bytes) {
        return arena.allocate(bytes, 256).address();
    }

    @Override
    public void upload(long from, long to, long bytes) {}

    @Override
    public void download(long from, long to, long bytes) {
        Memory.zero(to, bytes);
    }

    @Override
    public void copy(long from, long to, long bytes) {}

    @Override
    public void zero(long address, long bytes) {}

    @Override
    public Kernel kernel(String file, String name) {
        return new Kernel(name, 0);
    }

    @Override
    public void launch(Kernel kernel, Grid grid, Arguments arguments) {
        check(kernel.name());
    }

    @Override
    public boolean multiplies(Product product) {
        return !product.element().eightBits();
    }

    @Override
    public void multiply(Product product, Product.Operand x, Product.Operand weight, long out) {}

    @Override
    public Graph record(Runnable work) {
        recorded++;
        work.run();
        return new Graph() {
            @Override
            public void launch() {}

            @Override
            public void close() {
                check("close");
            }
        };
    }

    @Override
    public void synchronize() {
        check("synchronize");
        waits++;
    }

    @Override
    public void close() {
        closed = true;
        arena.close();
    }
}
