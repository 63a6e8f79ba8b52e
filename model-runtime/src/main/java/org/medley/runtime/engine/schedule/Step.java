package org.medley.runtime.engine.schedule;

import java.util.List;

/**
 * What to run in one pass.
 *
 * @param copies to be made before anything else
 * @param works the sequences that take part
 * @param preempted sequences that lost their pages for it
 */
public record Step(List<Copy> copies, List<Work> works, List<Sequence> preempted) {
    /** Page {@code to} shall become equal to page {@code from}, because somebody else holds that one too. */
    public record Copy(int from, int to) {}

    /**
     * A run of one sequence's tokens from {@link Sequence#computed} on.
     *
     * @param count tokens of it
     * @param drafts how many guessed tokens may be tried behind them; there are pages for so many
     */
    public record Work(Sequence sequence, int count, int drafts) {
        /** Whether the run reaches the last known token, so that a new one comes of it. */
        public boolean yields() {
            return sequence.computed() + count == sequence.length();
        }
    }

    public boolean isEmpty() {
        return works.isEmpty();
    }
}
