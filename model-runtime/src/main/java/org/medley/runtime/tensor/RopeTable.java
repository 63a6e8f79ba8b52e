package org.medley.runtime.tensor;

import java.util.Arrays;

/**
 * Cosines and sines of rotary positions, one of each per position and pair, computed once in double precision. The first
 * {@code 2 · pairs} elements of a head turn, its halves paired; those behind them stay as they are.
 */
public final class RopeTable {
    private final int headSize;
    private final int pairs;
    private final int positions;
    private final float[] cos;
    private final float[] sin;

    /**
     * Turns whole heads.
     *
     * @param inverseFrequencies angle per position of each pair, {@code headSize / 2} of them
     * @param positions how many positions to prepare
     */
    public RopeTable(double[] inverseFrequencies, int positions) {
        this(2 * inverseFrequencies.length, inverseFrequencies, positions, 1);
    }

    /**
     * @param headSize at least twice the number of {@code inverseFrequencies}
     * @param factor of all cosines and sines, by which what turns of queries and keys grows (LongRoPE's attention factor)
     */
    public RopeTable(int headSize, double[] inverseFrequencies, int positions, double factor) {
        if (headSize < 2 * inverseFrequencies.length) {
            throw new IllegalArgumentException(
                    "heads of " + headSize + " elements have no " + inverseFrequencies.length + " pairs to turn");
        }
        this.headSize = headSize;
        this.pairs = inverseFrequencies.length;
        this.positions = positions;
        cos = new float[positions * pairs];
        sin = new float[positions * pairs];
        for (int p = 0; p < positions; p++) {
            for (int i = 0; i < pairs; i++) {
                double angle = p * inverseFrequencies[i];
                cos[p * pairs + i] = (float) (factor * Math.cos(angle));
                sin[p * pairs + i] = (float) (factor * Math.sin(angle));
            }
        }
    }

    /** Plain rotary frequencies of the {@code size} elements of a head that turn: base^(-2i/size). */
    public static double[] frequencies(int size, double base) {
        double[] inverse = new double[size / 2];
        Arrays.setAll(inverse, i -> Math.pow(base, -2.0 * i / size));
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

    /** Pairs of a head that turn. */
    public int pairs() {
        return pairs;
    }

    public int positions() {
        return positions;
    }

    public float cos(int position, int pair) {
        return cos[position * pairs + pair];
    }

    public float sin(int position, int pair) {
        return sin[position * pairs + pair];
    }
}
