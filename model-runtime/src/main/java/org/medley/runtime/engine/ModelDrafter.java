package org.medley.runtime.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.medley.runtime.engine.schedule.Sequence;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Draw;

/**
 * Guesses with a smaller model of the same vocabulary (speculative decoding, Leviathan et al. 2023): its most likely
 * tokens. Its cache has the same pages as the large model's, so that one set of books serves both: it runs every token
 * that the large one runs, and what the large one shares, copies or finds again it has too.
 */
final class ModelDrafter implements Drafter {
    private final Runner runner;
    /** Tokens of a sequence that this model has run, right as far as the large one has confirmed them. */
    private final Map<Sequence, Integer> run = new WeakHashMap<>();

    ModelDrafter(Runner runner) {
        this.runner = runner;
    }

    @Override
    public void copy(List<Step.Copy> copies) {
        runner.copy(copies);
    }

    @Override
    public int[][] draft(List<Step.Work> works) {
        List<List<Integer>> guesses = new ArrayList<>();
        List<Integer> ahead = new ArrayList<>();
        for (int i = 0; i < works.size(); i++) {
            guesses.add(new ArrayList<>());
            if (works.get(i).drafts() > 0) {
                ahead.add(i);
            }
        }
        int[] first = known(works, ahead);
        for (int j = 0; j < ahead.size(); j++) {
            guesses.get(ahead.get(j)).add(first[j]);
        }
        while (true) {
            ahead.removeIf(i -> guesses.get(i).size() >= works.get(i).drafts());
            if (ahead.isEmpty()) {
                break;
            }
            int[] next = further(works, guesses, ahead);
            for (int j = 0; j < ahead.size(); j++) {
                guesses.get(ahead.get(j)).add(next[j]);
            }
        }
        for (int i = 0; i < works.size(); i++) {
            Step.Work work = works.get(i);
            int sure = work.sequence().computed() + work.count();
            run.put(work.sequence(), sure + Math.max(0, guesses.get(i).size() - 1));
        }
        return guesses.stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    /** Runs the works' tokens, and what this model is behind by; the next token of each that guesses. */
    private int[] known(List<Step.Work> works, List<Integer> ahead) {
        List<int[]> pieces = new ArrayList<>();
        List<Batch.Span> spans = new ArrayList<>();
        int[] rows = new int[ahead.size()];
        int row = 0;
        for (int i = 0; i < works.size(); i++) {
            Sequence s = works.get(i).sequence();
            int from = Math.min(s.computed(), run.getOrDefault(s, s.computed()));
            int to = s.computed() + works.get(i).count();
            spans.add(new Batch.Span(row, to - from, from, s.pages(), null));
            pieces.add(s.tokens(from, to));
            row += to - from;
            int at = ahead.indexOf(i);
            if (at >= 0) {
                rows[at] = row - 1;
            }
        }
        int[] tokens = pieces.stream().flatMapToInt(Arrays::stream).toArray();
        return likeliest(tokens, spans, rows);
    }

    private int[] further(List<Step.Work> works, List<List<Integer>> guesses, List<Integer> ahead) {
        int[] tokens = new int[ahead.size()];
        int[] rows = new int[ahead.size()];
        List<Batch.Span> spans = new ArrayList<>();
        for (int j = 0; j < tokens.length; j++) {
            Step.Work work = works.get(ahead.get(j));
            List<Integer> made = guesses.get(ahead.get(j));
            int past = work.sequence().computed() + work.count() + made.size() - 1;
            tokens[j] = made.getLast();
            rows[j] = j;
            spans.add(new Batch.Span(j, 1, past, work.sequence().pages(), null));
        }
        return likeliest(tokens, spans, rows);
    }

    private int[] likeliest(int[] tokens, List<Batch.Span> spans, int[] rows) {
        Draw[] draws = new Draw[rows.length];
        Arrays.fill(draws, Draw.GREATEST);
        Runner.Yield found = runner.run(tokens, spans, rows, () -> draws);
        int[] best = new int[rows.length];
        for (int row = 0; row < rows.length; row++) {
            Draw.Drawn drawn = found.drawn(row);
            best[row] = drawn != null
                    ? drawn.token()
                    : Sampler.argmax(found.logits().slice(row, 1).toArray());
        }
        return best;
    }

    @Override
    public void close() {
        runner.close();
    }
}
