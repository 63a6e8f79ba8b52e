package org.medley.training.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.ChatTemplate.Message;
import org.medley.runtime.text.Tokenizer;

/**
 * Finds which tokens of a rendered conversation the assistant says. It is rendered whole once, as it is learned, and
 * each of its beginnings only to see where a turn starts and ends in the whole; where that cannot be seen for certain the
 * conversation is refused.
 */
final class ChatMarker {
    private final Tokenizer tokenizer;
    private final ChatTemplate template;

    ChatMarker(Tokenizer tokenizer, ChatTemplate template) {
        this.tokenizer = tokenizer;
        this.template = template;
    }

    /** The tokens of the turns, marked; a learned turn's end is learned too, its opening is not: serving gives it. */
    int[] mark(List<Message> turns, boolean[] learned, Place place) {
        String whole = render(turns, false, place);
        List<Integer> cuts = new ArrayList<>();
        for (int turn = 0; turn < turns.size(); turn++) {
            if (learned[turn]) {
                int[] range = range(whole, turns, turn, place);
                cuts.add(range[0]);
                cuts.add(range[1]);
            }
        }
        return marked(whole, cuts, place);
    }

    int[] prompt(List<Message> turns, Place place) {
        return Marked.all(tokenizer.encode(render(turns, true, place)), false);
    }

    private String render(List<Message> turns, boolean answer, Place place) {
        String text;
        try {
            text = template.render(turns, answer);
        } catch (IllegalArgumentException e) {
            throw place.refuse("the model cannot be told these turns: " + e.getMessage(), e);
        }
        if (text.length() > Encoder.MAX_CHAT) {
            throw place.refuse("is " + text.length() + " characters long; a conversation may have " + Encoder.MAX_CHAT
                    + "; split it");
        }
        return text;
    }

    /** From where to where in the whole the answer of a turn stands. */
    private int[] range(String whole, List<Message> turns, int turn, Place place) {
        String prompt = render(turns.subList(0, turn), true, place);
        if (!whole.startsWith(prompt)) {
            throw place.refuse("turn " + (turn + 1) + " cannot be told from what it answers: the chat template opens"
                    + " an answer otherwise when it is asked for than when it is given ("
                    + difference(prompt, whole) + "); use a template that opens both the same");
        }
        String closed = turn == turns.size() - 1 ? whole : render(turns.subList(0, turn + 1), false, place);
        if (whole.startsWith(closed)) {
            return new int[] {prompt.length(), closed.length()};
        }
        return new int[] {prompt.length(), earlierEnd(whole, prompt, closed, turns.get(turn), turn, place)};
    }

    /**
     * The end of an answer that the template writes otherwise when it is not the last, for example without its thoughts:
     * what stands there must be a tail of the answer as it is given last, up to and with what closes it.
     */
    private static int earlierEnd(String whole, String prompt, String closed, Message message, int turn, Place place) {
        String content = message.content().strip();
        int at = closed.startsWith(prompt) && !content.isEmpty() ? closed.lastIndexOf(content) : -1;
        if (at >= prompt.length()) {
            int close = at + content.length();
            for (int from = prompt.length(); from < close; from++) {
                int tail = closed.length() - from;
                if (whole.regionMatches(prompt.length(), closed, from, tail)) {
                    return prompt.length() + tail;
                }
            }
        }
        throw place.refuse("the end of turn " + (turn + 1) + " cannot be found: the chat template writes it otherwise"
                + " once the conversation goes on (" + difference(closed, whole)
                + "); make each answer the last turn of a conversation of its own");
    }

    /** What differs may be a patient's, so only its place is told. */
    private static String difference(String one, String other) {
        return "they differ from character " + (1 + Arrays.mismatch(one.toCharArray(), other.toCharArray())) + " on";
    }

    /**
     * Tokens of the whole, every second stretch between the cuts learned. A token may lie across a cut. Then the
     * stretches are tokenized each by itself, which is what happens when an answer is generated behind its prompt; but
     * only if that is the same text for the tokenizer.
     */
    private int[] marked(String whole, List<Integer> cuts, Place place) {
        int[] tokens = tokenizer.encode(whole);
        List<int[]> pieces = new ArrayList<>();
        int from = 0;
        for (int cut : cuts) {
            pieces.add(tokenizer.encode(whole.substring(from, cut)));
            from = cut;
        }
        pieces.add(tokenizer.encode(whole.substring(from)));
        int[] joined = joined(pieces);
        if (!Arrays.equals(joined, tokens)) {
            int[] ends = ends(whole, cuts, tokens);
            if (ends != null) {
                return alternating(tokens, ends);
            }
            if (!tokenizer.decode(joined, false).equals(tokenizer.decode(tokens, false))) {
                throw place.refuse("a token lies across the border of an answer, and the tokenizer cannot be made to"
                        + " cut there; change the chat template so that a control token opens and closes answers");
            }
        }
        int[] ends = new int[cuts.size()];
        int end = 0;
        for (int i = 0; i < ends.length; i++) {
            end += pieces.get(i).length;
            ends[i] = end;
        }
        return alternating(joined, ends);
    }

    private static int[] joined(List<int[]> pieces) {
        int[] joined = new int[pieces.stream().mapToInt(piece -> piece.length).sum()];
        int at = 0;
        for (int[] piece : pieces) {
            System.arraycopy(piece, 0, joined, at, piece.length);
            at += piece.length;
        }
        return joined;
    }

    /** Where the cuts lie in the tokens of the whole, or null if a token lies across one. */
    private int[] ends(String whole, List<Integer> cuts, int[] tokens) {
        int[] ends = new int[cuts.size()];
        for (int i = 0; i < ends.length; i++) {
            int[] before = tokenizer.encode(whole.substring(0, cuts.get(i)));
            if (before.length > tokens.length || !Arrays.equals(before, Arrays.copyOf(tokens, before.length))) {
                return null;
            }
            ends[i] = before.length;
        }
        return ends;
    }

    private static int[] alternating(int[] tokens, int[] ends) {
        int[] marked = new int[tokens.length];
        int stretch = 0;
        for (int i = 0; i < tokens.length; i++) {
            while (stretch < ends.length && i >= ends[stretch]) {
                stretch++;
            }
            marked[i] = Marked.of(tokens[i], stretch % 2 == 1);
        }
        return marked;
    }
}
