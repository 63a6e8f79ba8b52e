package org.medley.runtime.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medley.runtime.engine.schedule.Sequence;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.tensor.Batch;

/**
 * A step laid out in rows.
 *
 * @param tokens of all works, one after the other, each work's guesses behind its own
 * @param rows whose logits are wanted
 * @param firstRow for each work the index of its first among them, -1 if it yields nothing
 * @param drafts guesses for each work
 * @param drafted guesses in all
 */
record Pass(
        List<Step.Work> works,
        int[] tokens,
        List<Batch.Span> spans,
        int[] rows,
        int[] firstRow,
        int[][] drafts,
        int drafted) {
    static Pass of(List<Step.Work> works, int[][] drafts, Map<Sequence, Answer> answers) {
        int total = 0;
        int wanted = 0;
        int drafted = 0;
        for (int i = 0; i < works.size(); i++) {
            total += works.get(i).count() + drafts[i].length;
            wanted += works.get(i).yields() ? 1 + drafts[i].length : 0;
            drafted += drafts[i].length;
        }
        int[] tokens = new int[total];
        int[] rows = new int[wanted];
        int[] firstRow = new int[works.size()];
        List<Batch.Span> spans = new ArrayList<>();
        int row = 0;
        int next = 0;
        for (int i = 0; i < works.size(); i++) {
            Step.Work work = works.get(i);
            Sequence sequence = work.sequence();
            spans.add(answers.get(sequence).span(work, row, drafts[i].length));
            for (int j = 0; j < work.count(); j++) {
                tokens[row++] = sequence.token(sequence.computed() + j);
            }
            firstRow[i] = work.yields() ? next : -1;
            if (work.yields()) {
                rows[next++] = row - 1;
            }
            for (int draft : drafts[i]) {
                rows[next++] = row;
                tokens[row++] = draft;
            }
        }
        return new Pass(works, tokens, spans, rows, firstRow, drafts, drafted);
    }
}
