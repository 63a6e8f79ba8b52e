package org.medley.training.parallel;

/**
 * How gradients travel. With {@link Compression#none} the other keys are ignored.
 *
 * @param bits of a rounded value with its sign, 2 to 8
 * @param group elements that share one F32 scale, a multiple of 8 up to 65536
 * @param beta with LoCo the weight of old losses in their average, in [0, 1)
 * @param resetEvery with LoCo the steps after which losses are forgotten, ≥ 1
 */
public record ExchangeSettings(Compression compression, int bits, int group, float beta, int resetEvery) {
    public ExchangeSettings {
        that(bits >= 2 && bits <= 8, "bits", bits, "2 to 8");
        that(group >= 8 && group <= 65_536 && group % 8 == 0, "group", group, "a multiple of 8 up to 65536");
        that(beta >= 0 && beta < 1, "beta", beta, "in [0, 1)");
        that(resetEvery >= 1, "resetEvery", resetEvery, "at least 1");
    }

    private static void that(boolean holds, String key, float value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "exchange of gradients: " + key + " is " + value + "; it must be " + range);
        }
    }

    /** Four bits in groups of 256, β = 0.8 and 1024 steps as in LoCo's published code. */
    public static ExchangeSettings of(Compression compression) {
        return new ExchangeSettings(compression, 4, 256, 0.8f, 1024);
    }
}
