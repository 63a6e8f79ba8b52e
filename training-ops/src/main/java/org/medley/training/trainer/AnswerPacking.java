package org.medley.training.trainer;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.tensor.Batch;

/**
 * Lays answers behind their prompts in a pass. Answers that follow each other and are to the same prompt (the same array)
 * share its rows: they go through the network once, and what all of those answers teach is added up in them.
 */
final class AnswerPacking {
    private final List<Batch.Span> spans = new ArrayList<>();
    private final List<Integer> tokens = new ArrayList<>();
    private final List<Integer> predicting = new ArrayList<>();
    private final List<Integer> targets = new ArrayList<>();
    private int rows;
    /** The prompt that can be shared, and the row it begins at. */
    private int[] prompt;

    private int beginning;

    int rows() {
        return rows;
    }

    /** How many rows an answer would add; that of its last token, which predicts nothing, is not one. */
    int rows(int[] prompt, int[] answer) {
        return (shares(prompt) ? 0 : prompt.length) + answer.length - 1;
    }

    private boolean shares(int[] prompt) {
        return this.prompt == prompt;
    }

    void add(int[] prompt, int[] answer) {
        int own = rows(prompt, answer);
        if (!shares(prompt)) {
            this.prompt = prompt;
            beginning = rows;
            spans.add(new Batch.Span(rows, own));
            for (int token : prompt) {
                tokens.add(token);
            }
        } else if (own > 0) {
            spans.add(new Batch.Span(rows, own, prompt.length, beginning));
        }
        rows += own;
        for (int i = 0; i < answer.length; i++) {
            // The first token is predicted by the prompt's last row, those after it by the rows that are added.
            predicting.add(i == 0 ? beginning + prompt.length - 1 : rows - answer.length + i);
            targets.add(answer[i]);
            if (i < answer.length - 1) {
                tokens.add(answer[i]);
            }
        }
    }

    Batch batch() {
        return Batch.of(array(tokens), spans, null);
    }

    /** The row that predicts each learned token. */
    int[] predicting() {
        return array(predicting);
    }

    int[] targets() {
        return array(targets);
    }

    private static int[] array(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
