package org.medley.runtime.tensor;

/** The two eight-bit floating-point formats of the OCP specification "OFP8", revision 1.0. */
public final class Float8 {
    /** The largest finite E4M3 value. */
    public static final float E4M3_MAX = 448;

    private static final float[] E4M3 = new float[256];

    static {
        for (int code = 0; code < 256; code++) {
            int exponent = code >> 3 & 15;
            int mantissa = code & 7;
            float magnitude = exponent == 0
                    ? Math.scalb((float) mantissa, -9)
                    : Math.scalb((float) (8 + mantissa), exponent - 10);
            float value = (code & 0x7f) == 0x7f ? Float.NaN : magnitude;
            E4M3[code] = code < 128 ? value : -value;
        }
    }

    private Float8() {}

    public static float e4m3(byte code) {
        return E4M3[code & 0xff];
    }

    public static float e5m2(byte code) {
        return Float.float16ToFloat((short) (code << 8));
    }

    /** Rounds to the nearest E4M3 value, ties to even; what is beyond ±448 becomes ±448, NaN stays NaN. */
    public static byte toE4m3(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (byte) (sign | 0x7f);
        }
        if (magnitude >= E4M3_MAX) {
            return (byte) (sign | 0x7e);
        }
        if (magnitude < 0x1p-6f) {
            return (byte) (sign | (int) Math.rint(magnitude * 0x1p9));
        }
        int bits = Float.floatToRawIntBits(magnitude);
        int rounded = bits + 0x7ffff + (bits >> 20 & 1) >> 20;
        return (byte) (sign | Math.min(rounded - (127 - 7 << 3), 0x7e));
    }
}
