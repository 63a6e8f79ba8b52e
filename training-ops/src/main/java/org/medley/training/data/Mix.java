package org.medley.training.data;

/** Numbers that look random and depend on nothing but what is given: the same on every machine and after any resume. */
final class Mix {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private Mix() {}

    /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014, with Stafford's constants), a bijection. */
    static long bits(long value) {
        long z = value;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    /** 64 bits for the values in this order. */
    static long of(long... values) {
        long state = GOLDEN;
        for (long value : values) {
            state = bits(state ^ value) + GOLDEN;
        }
        return bits(state);
    }

    /** In [0, 1). */
    static double unit(long... values) {
        return (of(values) >>> 11) * 0x1p-53;
    }
}
