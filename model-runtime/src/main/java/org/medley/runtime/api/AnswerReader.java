package org.medley.runtime.api;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Takes an answer apart while it is written: what the model thinks, what it says, and which functions it calls with what
 * arguments. Text that may turn out to begin a call is held back until that is known.
 */
final class AnswerReader {
    private static final String THINK = "<think>";
    private static final String THOUGHT = "</think>";

    /** A part of the answer. */
    sealed interface Part permits Content, Reasoning, CallBegin, Arguments {}

    record Content(String text) implements Part {}

    record Reasoning(String text) implements Part {}

    /** @param index of the call within the answer */
    record CallBegin(int index, String id, String name) implements Part {}

    /** @param text more of the call's arguments, which are JSON when all of them are there */
    record Arguments(int index, String text) implements Part {}

    private enum State {
        BEGIN,
        THINKING,
        TEXT,
        NAME,
        ARGUMENTS,
        AFTER
    }

    private final CallFormat format;
    private final StringBuilder held = new StringBuilder();
    private State state;
    private int calls;
    private int depth;
    private boolean quoted;
    private boolean escaped;

    /**
     * @param format how calls are written, or null if none is expected
     * @param thinks whether the answer may begin with thoughts
     */
    AnswerReader(CallFormat format, boolean thinks) {
        this.format = format;
        this.state = thinks ? State.BEGIN : State.TEXT;
    }

    boolean called() {
        return calls > 0;
    }

    List<Part> read(String piece) {
        held.append(piece);
        List<Part> parts = new ArrayList<>();
        while (advance(parts)) {
            // one state after the other, as far as the text goes
        }
        return parts;
    }

    /** What is still held back when the answer has ended. */
    List<Part> rest() {
        List<Part> parts = new ArrayList<>();
        switch (state) {
            case THINKING -> give(parts, held.length(), true);
            case BEGIN, TEXT -> give(parts, held.length(), false);
            case NAME, ARGUMENTS, AFTER -> held.setLength(0);
        }
        return parts;
    }

    private boolean advance(List<Part> parts) {
        return switch (state) {
            case BEGIN -> begin();
            case THINKING -> thinking(parts);
            case TEXT -> text(parts);
            case NAME -> name(parts);
            case ARGUMENTS -> arguments(parts);
            case AFTER -> after();
        };
    }

    private boolean begin() {
        String start = held.toString().stripLeading();
        if (start.startsWith(THINK)) {
            held.delete(0, held.indexOf(THINK) + THINK.length());
            state = State.THINKING;
            return true;
        }
        if (THINK.startsWith(start)) {
            return false;
        }
        state = State.TEXT;
        return true;
    }

    private boolean thinking(List<Part> parts) {
        int end = held.indexOf(THOUGHT);
        if (end < 0) {
            give(parts, held.length() - beginning(THOUGHT), true);
            return false;
        }
        give(parts, end, true);
        held.delete(0, THOUGHT.length());
        state = State.TEXT;
        return true;
    }

    private boolean text(List<Part> parts) {
        if (format == null) {
            give(parts, held.length(), false);
            return false;
        }
        int at = held.indexOf(format.before());
        if (at < 0) {
            give(parts, held.length() - beginning(format.before()), false);
            return false;
        }
        give(parts, at, false);
        held.delete(0, format.before().length());
        state = State.NAME;
        return true;
    }

    private boolean name(List<Part> parts) {
        int end = held.indexOf(format.between());
        if (end < 0) {
            return false;
        }
        parts.add(new CallBegin(
                calls++, "call_" + UUID.randomUUID().toString().replace("-", ""), held.substring(0, end)));
        held.delete(0, end + format.between().length());
        depth = 0;
        quoted = false;
        escaped = false;
        state = State.ARGUMENTS;
        return true;
    }

    /** Passes on one JSON object. */
    private boolean arguments(List<Part> parts) {
        for (int i = 0; i < held.length(); i++) {
            char c = held.charAt(i);
            if (quoted) {
                quoted = escaped || c != '"';
                escaped = !escaped && c == '\\';
            } else if (c == '"') {
                quoted = true;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if ((c == '}' || c == ']') && --depth == 0) {
                parts.add(new Arguments(calls - 1, held.substring(0, i + 1)));
                held.delete(0, i + 1);
                state = State.AFTER;
                return true;
            }
        }
        if (!held.isEmpty()) {
            parts.add(new Arguments(calls - 1, held.toString()));
            held.setLength(0);
        }
        return false;
    }

    private boolean after() {
        if (held.length() < format.after().length()) {
            return false;
        }
        held.delete(0, format.after().length());
        state = State.TEXT;
        return true;
    }

    private void give(List<Part> parts, int length, boolean thought) {
        // White space between calls is no content.
        if (length > 0 && !(called() && held.substring(0, length).isBlank())) {
            String text = held.substring(0, length);
            parts.add(thought ? new Reasoning(text) : new Content(text));
        }
        held.delete(0, length);
    }

    /** How much at the end may be the beginning of {@code mark}. */
    private int beginning(String mark) {
        for (int n = Math.min(mark.length() - 1, held.length()); n > 0; n--) {
            if (mark.startsWith(held.substring(held.length() - n))) {
                return n;
            }
        }
        return 0;
    }
}
