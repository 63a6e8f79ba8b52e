package org.medley.runtime.engine;

import java.util.List;
import org.medley.runtime.engine.schedule.Step;

/** Guesses the tokens that come next, for the model to check many at once instead of making one after the other. */
interface Drafter extends AutoCloseable {
    /**
     * @param works of the coming pass
     * @return guesses for each work, at most {@link Step.Work#drafts} of them
     */
    int[][] draft(List<Step.Work> works);

    /** Hears of pages that become equal to others before the next pass. */
    void copy(List<Step.Copy> copies);

    @Override
    void close();
}
