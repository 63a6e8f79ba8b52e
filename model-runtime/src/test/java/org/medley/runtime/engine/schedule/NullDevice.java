package org.medley.runtime.engine.schedule;

import java.util.Arrays;

/**
 * A device without hardware: the cache holds, for every token, a fingerprint of all tokens up to it. What a sequence is
 * about to read is checked against what it must be, so that a page shared, copied or reused wrongly is found at once.
 */
final class NullDevice {
    private final long[][] memory;
    private final int size;
    private long tokens;

    NullDevice(int pages, int size) {
        this.memory = new long[pages][size];
        this.size = size;
    }

    /** Tokens run so far. */
    long tokens() {
        return tokens;
    }

    /** Runs a step: copies, then every work reads its past and writes its tokens, drafts included. */
    void run(Step step) {
        for (Step.Copy copy : step.copies()) {
            memory[copy.to()] = memory[copy.from()].clone();
        }
        for (Step.Work work : step.works()) {
            write(work);
        }
        for (Step.Work work : step.works()) {
            read(work);
        }
    }

    private void write(Step.Work work) {
        Sequence s = work.sequence();
        int[] pages = s.pages();
        int end = s.computed() + work.count();
        if ((long) pages.length * size < end + work.drafts()) {
            throw new AssertionError(s + " has " + pages.length + " pages for " + (end + work.drafts()) + " tokens");
        }
        long fingerprint = fingerprint(s, s.computed());
        for (int i = s.computed(); i < end; i++) {
            fingerprint = next(fingerprint, s.token(i));
            memory[pages[i / size]][i % size] = fingerprint;
        }
        for (int i = end; i < end + work.drafts(); i++) {
            memory[pages[i / size]][i % size] = next(fingerprint, draft(s, i));
        }
        tokens += work.count() + work.drafts();
    }

    private void read(Step.Work work) {
        Sequence s = work.sequence();
        int[] pages = s.pages();
        long fingerprint = start(s);
        for (int i = 0; i < s.computed() + work.count(); i++) {
            fingerprint = next(fingerprint, s.token(i));
            long found = memory[pages[i / size]][i % size];
            if (found != fingerprint) {
                throw new AssertionError(s + " finds another's token " + i + " on page " + pages[i / size] + " of "
                        + Arrays.toString(pages));
            }
        }
    }

    /** What the model "says" after the first {@code length} tokens: a function of them alone. */
    static int answer(Sequence s, int length) {
        return (int) Math.floorMod(fingerprint(s, length) >>> 7, 4L);
    }

    /** A guess at token {@code index}, right now and then. */
    static int draft(Sequence s, int index) {
        return (int) Math.floorMod(fingerprint(s, s.length()) * 31 + index, 4L);
    }

    private static long fingerprint(Sequence s, int length) {
        long fingerprint = start(s);
        for (int i = 0; i < length; i++) {
            fingerprint = next(fingerprint, s.token(i));
        }
        return fingerprint;
    }

    private static long start(Sequence s) {
        return s.salt().hashCode();
    }

    private static long next(long fingerprint, int token) {
        long mixed = (fingerprint + token + 1) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 29;
    }
}
