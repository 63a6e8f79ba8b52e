package org.medley.training.bench;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** Seconds by part of a step, and by what happened in it. */
public final class Times {
    private static final double LEAST_SHARE = 0.002;

    /** In the order of their first appearance. */
    private final Map<String, Map<String, Double>> parts = new LinkedHashMap<>();

    /** Runs work and adds the time it took. */
    public <T> T of(String part, String what, Supplier<T> work) {
        long began = System.nanoTime();
        T result = work.get();
        parts.computeIfAbsent(part, p -> new LinkedHashMap<>())
                .merge(what, (System.nanoTime() - began) / 1e9, Double::sum);
        return result;
    }

    public void of(String part, String what, Runnable work) {
        of(part, what, () -> {
            work.run();
            return null;
        });
    }

    private static double sum(Map<String, Double> what) {
        return what.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /**
     * Prints each part, and what took longest in it.
     *
     * @param steps that were taken
     * @param seconds in all
     */
    void print(int steps, double seconds) {
        double known = 0;
        for (var part : parts.entrySet()) {
            double all = sum(part.getValue());
            known += all;
            line(part.getKey(), all, steps, seconds);
            if (part.getValue().size() > 1) {
                part.getValue().entrySet().stream()
                        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                        .filter(what -> what.getValue() > LEAST_SHARE * seconds)
                        .forEach(what -> line("  " + what.getKey(), what.getValue(), steps, seconds));
            }
        }
        line("the rest", seconds - known, steps, seconds);
    }

    private static void line(String what, double time, int steps, double seconds) {
        System.out.printf(Locale.ROOT, "  %-24s %9.2f ms %6.1f%%%n", what, 1e3 * time / steps, 100 * time / seconds);
    }
}
