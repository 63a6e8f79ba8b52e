package org.medley.training.optimizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The inputs of golden/optimizers.json, drawn as make_optimizer_golden.py draws them, and its results. */
public final class Draw {
    private int state;

    public Draw(int seed) {
        state = seed;
    }

    /** A multiple of 2^-22 in [-1, 1). */
    public float next() {
        state = state * 1103515245 + 12345 & 0x7fffffff;
        return (state >> 8) / 4194304f - 1;
    }

    public float[] array(int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = next();
        }
        return values;
    }

    /** Gradients over eleven binary orders of magnitude. */
    public float[] spread(int size) {
        float[] values = array(size);
        for (int i = 0; i < size; i++) {
            values[i] *= (float) Math.pow(2, -(i % 11));
        }
        return values;
    }

    /** Six directions, each half as strong as the one before, and a little noise. */
    public float[] lowRank(int rows, int cols) {
        double[] total = new double[rows * cols];
        for (int k = 0; k < 6; k++) {
            float[] column = array(rows);
            float[] row = array(cols);
            for (int i = 0; i < total.length; i++) {
                total[i] += Math.pow(2, -k) * ((double) column[i / cols] * row[i % cols]);
            }
        }
        float[] values = new float[rows * cols];
        for (int i = 0; i < total.length; i++) {
            values[i] = (float) (total[i] + Math.pow(2, -9) * next());
        }
        return values;
    }

    public float[] wellConditioned(int rows, int cols) {
        float[] values = array(rows * cols);
        for (int i = 0; i < values.length; i++) {
            values[i] *= 0.125f;
        }
        for (int i = 0; i < rows; i++) {
            values[i * cols + i % cols] += 1 + (i % 7) / 8f;
        }
        return values;
    }

    public static JsonNode golden() {
        try (InputStream in = Draw.class.getResourceAsStream("/golden/optimizers.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static double[] numbers(JsonNode node) {
        double[] numbers = new double[node.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = node.get(i).asDouble();
        }
        return numbers;
    }
}
