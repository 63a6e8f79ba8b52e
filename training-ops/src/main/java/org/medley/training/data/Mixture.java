package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.Batch;
import org.medley.training.data.Dataset.Example;

/**
 * An endless, seeded order over weighted datasets, cut into packed batches. The position in it is one number of
 * examples drawn, so that a resumed run continues where it was by drawing and forgetting.
 */
public final class Mixture {
    private final List<List<Example>> datasets;
    private final double[] cumulative;
    private final long seed;
    private final int[][] orders;
    private final int[] cursors;
    private final int[] epochs;
    private SplittableRandom choice;
    private long drawn;
    private Example held;

    /** A packed pass: whole examples beside each other, each attending to itself alone. */
    public record Packed(Batch batch, int[] rows, int[] targets) {}

    public Mixture(List<List<Example>> datasets, double[] weights, long seed) {
        this.datasets = datasets;
        this.seed = seed;
        cumulative = new double[weights.length];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            cumulative[i] = sum;
        }
        orders = new int[datasets.size()][];
        cursors = new int[datasets.size()];
        epochs = new int[datasets.size()];
        choice = new SplittableRandom(seed);
    }

    /** Examples that {@link #next} has put into batches. */
    public long position() {
        return held == null ? drawn : drawn - 1;
    }

    public void seek(long position) {
        if (drawn != 0) {
            throw new IllegalStateException("only a fresh mixture can be moved");
        }
        while (drawn < position) {
            draw();
        }
    }

    private Example draw() {
        double at = choice.nextDouble() * cumulative[cumulative.length - 1];
        int dataset = 0;
        while (cumulative[dataset] <= at) {
            dataset++;
        }
        List<Example> examples = datasets.get(dataset);
        if (orders[dataset] == null || cursors[dataset] == examples.size()) {
            orders[dataset] = shuffled(examples.size(), seed * 31 + dataset * 1_000_003L + epochs[dataset]++);
            cursors[dataset] = 0;
        }
        drawn++;
        return examples.get(orders[dataset][cursors[dataset]++]);
    }

    private static int[] shuffled(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /** The next whole examples that together have at most {@code tokens} tokens; always at least one. */
    public Packed next(int tokens) {
        List<Example> chosen = new ArrayList<>();
        int used = 0;
        while (true) {
            Example example = held != null ? held : draw();
            held = null;
            if (!chosen.isEmpty() && used + example.tokens().length > tokens) {
                held = example;
                return pack(chosen);
            }
            chosen.add(example);
            used += example.tokens().length;
        }
    }

    /** The last token of an example predicts nothing, so it is left out. */
    public static Packed pack(List<Example> examples) {
        int rows = examples.stream().mapToInt(e -> e.tokens().length - 1).sum();
        int[] tokens = new int[rows];
        int[] positions = new int[rows];
        List<Batch.Span> spans = new ArrayList<>();
        List<Integer> learnedRows = new ArrayList<>();
        List<Integer> targets = new ArrayList<>();
        int row = 0;
        for (Example example : examples) {
            int count = example.tokens().length - 1;
            spans.add(new Batch.Span(row, count));
            for (int i = 0; i < count; i++, row++) {
                tokens[row] = example.tokens()[i];
                positions[row] = i;
                if (example.learned()[i + 1]) {
                    learnedRows.add(row);
                    targets.add(example.tokens()[i + 1]);
                }
            }
        }
        return new Packed(
                new Batch(tokens, positions, List.copyOf(spans)),
                learnedRows.stream().mapToInt(Integer::intValue).toArray(),
                targets.stream().mapToInt(Integer::intValue).toArray());
    }
}
