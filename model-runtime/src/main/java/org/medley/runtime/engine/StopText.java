package org.medley.runtime.engine;

import java.util.List;

/** Holds back text that may turn out to begin a stop text, and ends the answer before one. */
final class StopText {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private String matched;

    StopText(List<String> stops) {
        this.stops = stops;
    }

    boolean stopped() {
        return matched != null;
    }

    /** The stop text that was met, null before. */
    String matched() {
        return matched;
    }

    /** What of the held text and {@code piece} can be given out. */
    String accept(String piece) {
        if (stopped()) {
            return "";
        }
        held.append(piece);
        int first = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
                matched = stop;
            }
        }
        if (first >= 0) {
            return take(first);
        }
        return take(held.length() - longestBeginning());
    }

    String rest() {
        return stopped() ? "" : take(held.length());
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }

    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
                if (stop.startsWith(held.substring(held.length() - n))) {
                    longest = n;
                }
            }
        }
        return longest;
    }
}
