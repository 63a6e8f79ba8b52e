package org.medley.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Float8Test {
    @Test
    void everyE4m3CodeIsWhatTheSpecificationSays() {
        for (int code = 0; code < 256; code++) {
            float value = Float8.e4m3((byte) code);
            if ((code & 0x7f) == 0x7f) {
                assertThat(value).as("code %02x", code).isNaN();
            } else {
                assertThat((double) value).as("code %02x", code).isEqualTo(value(code, 4, 3, 7));
            }
        }
        assertThat(Float8.e4m3((byte) 0x7e)).isEqualTo(448f);
        assertThat(Float8.e4m3((byte) 0x01)).isEqualTo(0.001953125f);
    }

    @Test
    void everyE5m2CodeIsWhatTheSpecificationSays() {
        for (int code = 0; code < 256; code++) {
            float value = Float8.e5m2((byte) code);
            int magnitude = code & 0x7f;
            if (magnitude > 0x7c) {
                assertThat(value).as("code %02x", code).isNaN();
            } else if (magnitude == 0x7c) {
                assertThat(value).isEqualTo(code < 128 ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY);
            } else {
                assertThat((double) value).as("code %02x", code).isEqualTo(value(code, 5, 2, 15));
            }
        }
    }

    /** Sign, exponent and mantissa put together by the definition of a binary floating-point number. */
    private static double value(int code, int exponentBits, int mantissaBits, int bias) {
        int exponent = code >> mantissaBits & (1 << exponentBits) - 1;
        double fraction = (double) (code & (1 << mantissaBits) - 1) / (1 << mantissaBits);
        double magnitude =
                exponent == 0 ? fraction * Math.pow(2, 1 - bias) : (1 + fraction) * Math.pow(2, exponent - bias);
        return code < 128 ? magnitude : -magnitude;
    }

    @Test
    void everyFiniteCodeIsEncodedAsItself() {
        for (int code = 0; code < 256; code++) {
            assertThat(Float8.toE4m3(Float8.e4m3((byte) code))).isEqualTo((byte) code);
        }
    }

    @Test
    void encodingPicksTheNearestValueAndTheEvenOneOfTwo() {
        long seed = 8;
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-14, 10)));
            assertNearest(value, "seed " + seed + ", value " + value);
        }
        for (int code = 0; code < 0x7e; code++) {
            float middle = (Float8.e4m3((byte) code) + Float8.e4m3((byte) (code + 1))) / 2;
            int even = code % 2 == 0 ? code : code + 1;
            assertThat(Float8.toE4m3(middle)).as("middle %s", middle).isEqualTo((byte) even);
            assertThat(Float8.toE4m3(-middle)).isEqualTo((byte) (even | 0x80));
            assertNearest(Math.nextUp(middle), "above the middle");
            assertNearest(Math.nextDown(middle), "below the middle");
        }
    }

    private static void assertNearest(float value, String when) {
        float got = Float8.e4m3(Float8.toE4m3(value));
        double clamped = Math.clamp(value, -448f, 448f);
        for (int code = 0; code < 256; code++) {
            float candidate = Float8.e4m3((byte) code);
            if (!Float.isNaN(candidate)) {
                assertThat(Math.abs(clamped - got)).as(when).isLessThanOrEqualTo(Math.abs(clamped - candidate));
            }
        }
    }

    @Test
    void whatIsTooLargeSaturatesAndNanStays() {
        assertThat(Float8.e4m3(Float8.toE4m3(1e30f))).isEqualTo(448f);
        assertThat(Float8.e4m3(Float8.toE4m3(Float.NEGATIVE_INFINITY))).isEqualTo(-448f);
        assertThat(Float8.e4m3(Float8.toE4m3(Float.NaN))).isNaN();
        assertThat(Float8.toE4m3(-0f)).isEqualTo((byte) 0x80);
    }
}
