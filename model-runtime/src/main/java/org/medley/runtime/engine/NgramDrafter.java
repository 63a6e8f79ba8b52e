package org.medley.runtime.engine;

import java.util.List;
import org.medley.runtime.engine.schedule.Sequence;
import org.medley.runtime.engine.schedule.Step;

/**
 * Guesses that a text repeats itself: what followed the last time the latest few tokens occurred follows again (prompt
 * lookup decoding, Saxena 2023). Costs nothing and pays where answers quote their prompt.
 */
final class NgramDrafter implements Drafter {
    private static final int LONGEST = 4;
    private static final int SHORTEST = 2;
    private static final int[] NONE = {};

    @Override
    public int[][] draft(List<Step.Work> works) {
        return works.stream().map(NgramDrafter::draft).toArray(int[][]::new);
    }

    static int[] draft(Step.Work work) {
        Sequence s = work.sequence();
        for (int n = Math.min(LONGEST, s.length() - 1); work.drafts() > 0 && n >= SHORTEST; n--) {
            for (int end = s.length() - 1; end >= n; end--) {
                if (matches(s, end, n)) {
                    return s.tokens(end, Math.min(s.length(), end + work.drafts()));
                }
            }
        }
        return NONE;
    }

    /** Whether the n tokens before {@code end} are the sequence's last n. */
    private static boolean matches(Sequence s, int end, int n) {
        for (int i = 1; i <= n; i++) {
            if (s.token(end - i) != s.token(s.length() - i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void copy(List<Step.Copy> copies) {}

    @Override
    public void close() {}
}
