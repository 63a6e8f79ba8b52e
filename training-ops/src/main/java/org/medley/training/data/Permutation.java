package org.medley.training.data;

/**
 * A pseudo-random order of 0 to n-1 of which any place is computed by itself, in no memory. A Feistel network permutes
 * the next power of two; a result beyond n is permuted again until it is not (cycle walking: Black and Rogaway 2002),
 * fewer than two rounds on average.
 */
public final class Permutation {
    private static final int ROUNDS = 6;

    private final long size;
    private final int lowBits;
    private final long lowMask;
    private final long highMask;
    private final long[] keys = new long[ROUNDS];

    private Permutation(long size, long key) {
        this.size = size;
        int bits = Math.max(2, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
        lowBits = bits / 2;
        lowMask = (1L << lowBits) - 1;
        highMask = (1L << bits - lowBits) - 1;
        for (int i = 0; i < ROUNDS; i++) {
            keys[i] = Mix.of(key, i);
        }
    }

    /** The order in which a dataset's examples come in one of its epochs. */
    public static Permutation of(long size, long seed, long dataset, long epoch) {
        if (size < 1 || size > 1L << 60) {
            throw new IllegalArgumentException("a permutation of " + size + "; 1 to 2^60 are possible");
        }
        return new Permutation(size, Mix.of(seed, dataset, epoch));
    }

    /** What comes at a place. */
    public long at(long place) {
        if (place < 0 || place >= size) {
            throw new IndexOutOfBoundsException("place " + place + " of a permutation of " + size);
        }
        long value = place;
        do {
            value = feistel(value);
        } while (value >= size);
        return value;
    }

    /** Halves of unlike width change in turn, each by a number that the other gives: no two values become one. */
    private long feistel(long value) {
        long low = value & lowMask;
        long high = value >>> lowBits;
        for (int round = 0; round < ROUNDS; round += 2) {
            low ^= Mix.bits(high ^ keys[round]) & lowMask;
            high ^= Mix.bits(low ^ keys[round + 1]) & highMask;
        }
        return high << lowBits | low;
    }
}
