package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts long texts before they are tokenized, so that memory is bounded by a piece. Cuts lie behind a line break that no
 * blank follows: there the common tokenizers cut words too, and the pieces' tokens are those of the whole.
 */
final class Passages {
    /** Characters from which a text is cut. */
    static final int LENGTH = 1 << 20;

    private Passages() {}

    /** Length of the first piece of the text from {@code from} on, or 0 if it is short or has no place for a cut. */
    static int cut(CharSequence text, int from) {
        if (text.length() - from <= LENGTH) {
            return 0;
        }
        // The last place within the length, or else the first behind it.
        for (int at = from + LENGTH; at > from + LENGTH / 2; at--) {
            if (cuttable(text, at)) {
                return at - from;
            }
        }
        for (int at = from + LENGTH + 1; at < text.length(); at++) {
            if (cuttable(text, at)) {
                return at - from;
            }
        }
        return 0;
    }

    private static boolean cuttable(CharSequence text, int at) {
        return text.charAt(at - 1) == '\n' && !Character.isWhitespace(text.charAt(at));
    }

    static List<String> of(String text) {
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int length = cut(text, 0); length > 0; length = cut(text, from)) {
            pieces.add(text.substring(from, from + length));
            from += length;
        }
        pieces.add(text.substring(from));
        return pieces;
    }
}
