package org.medley.runtime.tensor;

import java.util.Arrays;

/**
 * Cosines and sines of rotary positions, {@code headSize / 2} of each per position, computed once in double precision.
 */
public final class RopeTable {
    private final int headSize;
    private final int positions;
    private final float[] cos;
    private final float[] sin;

    /**
     * @param inverseFrequencies angle per position of each pair, {@code headSize / 2} of them
     * @param positions how many positions to prepare
     */
    public RopeTable(double[] inverseFrequencies, int positions) {
        this(inverseFrequencies, positions, 1);
    }

    /** @param factor of all cosines and sines, by which queries and keys grow (LongRoPE's attention factor) */
    public RopeTable(double[] inverseFrequencies, int positions, double factor) {
        int half = inverseFrequencies.length;
        this.headSize = 2 * half;
        this.positions = positions;
        cos = new float[positions * half];
        sin = new float[positions * half];
        for (int p = 0; p < positions; p++) {
            for (int i = 0; i < half; i++) {
                double angle = p * inverseFrequencies[i];
                cos[p * half + i] = (float) (factor * Math.cos(angle));
                sin[p * half + i] = (float) (factor * Math.sin(angle));
            }
        }
    }

    /** Plain rotary frequencies: base^(-2i/headSize). */
    public static double[] frequencies(int headSize, double base) {
        double[] inverse = new double[headSize / 2];
        Arrays.setAll(inverse, i -> Math.pow(base, -2.0 * i / headSize));
        return inverse;
    }

    /**
     * Llama 3.1's stretch of the low frequencies, as its published configuration defines it: wavelengths longer than
     * original/low are divided by {@code factor}, shorter than original/high are kept, between them interpolated.
     */
    public static double[] llama3(double[] inverse, double factor, double low, double high, int original) {
        double[] scaled = new double[inverse.length];
        for (int i = 0; i < inverse.length; i++) {
            double wavelength = 2 * Math.PI / inverse[i];
            double smooth = Math.clamp((original / wavelength - low) / (high - low), 0, 1);
            scaled[i] = (1 - smooth) * inverse[i] / factor + smooth * inverse[i];
        }
        return scaled;
    }

    public int headSize() {
        return headSize;
    }

    public int positions() {
        return positions;
    }

    public float cos(int position, int pair) {
        return cos[position * (headSize / 2) + pair];
    }

    public float sin(int position, int pair) {
        return sin[position * (headSize / 2) + pair];
    }
}
