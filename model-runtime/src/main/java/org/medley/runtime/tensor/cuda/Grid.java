package org.medley.runtime.tensor.cuda;

/**
 * How many blocks a kernel runs in, of how many threads.
 *
 * @param shared bytes of memory that a block's threads share, beside what the kernel declares
 */
public record Grid(int x, int y, int z, int threads, int shared) {
    /** Most blocks along y and z that a device takes. */
    private static final int MOST = 65_535;

    public Grid {
        if (x < 1 || y < 1 || z < 1 || y > MOST || z > MOST || threads < 1 || threads > 1024 || shared < 0) {
            throw new IllegalArgumentException("grid of " + x + " x " + y + " x " + z + " blocks of " + threads
                    + " threads with " + shared + " shared bytes");
        }
    }

    public static Grid of(int blocks, int threads) {
        return new Grid(blocks, 1, 1, threads, 0);
    }

    /** One thread for each of so many elements. */
    public static Grid elements(long count) {
        return of(Math.toIntExact(Math.ceilDiv(count, 256L)), 256);
    }

    /** A block for each of so many rows, with about a thread for every four elements of a row. */
    public static Grid rows(int rows, int cols) {
        return of(rows, Math.clamp(Math.ceilDiv(cols, 4 * 32) * 32, 32, 1024));
    }
}
