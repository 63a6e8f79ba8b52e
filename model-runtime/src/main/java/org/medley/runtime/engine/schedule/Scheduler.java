package org.medley.runtime.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which tokens of which sequences are run next, and keeps the pages they need. Pure: no clock, no thread, no
 * memory but its books; the same calls give the same steps.
 *
 * <p>Each step first serves the running sequences, oldest first, then admits waiting ones while there is room. A prompt
 * longer than what is left of a step's tokens is run in pieces beside the others' new tokens. When pages run out, the
 * youngest running sequence gives up its own and later starts over from what is still known of it; the oldest is never
 * preempted, hence always ends. Waiting tenants are served by who has had least (the virtual token counter of Sheng et
 * al. 2024), each in the order of arrival.
 */
public final class Scheduler {
    /** How much more a new token counts for a tenant's share than a prompt's, which run many at a time. */
    private static final long NEW_TOKEN = 2;

    /**
     * @param sequences most that run at once
     * @param stepTokens most tokens of one step
     * @param drafts most guessed tokens per sequence and step; 0 for none
     */
    public record Limits(int sequences, int stepTokens, int drafts) {
        public Limits {
            if (sequences < 1 || stepTokens < sequences || drafts < 0) {
                throw new IllegalArgumentException("limits of " + sequences + " sequences, " + stepTokens
                        + " tokens a step, " + drafts + " drafts: a step must have a token for every sequence");
            }
        }
    }

    private final Limits limits;
    private final Pages pages;
    private final List<Sequence> running = new ArrayList<>();
    private final Deque<Sequence> preempted = new ArrayDeque<>();
    private final Map<String, Deque<Sequence>> waiting = new LinkedHashMap<>();
    private final Map<String, Long> served = new HashMap<>();

    public Scheduler(Limits limits, Pages pages) {
        this.limits = limits;
        this.pages = pages;
    }

    /** Whether a sequence of so many tokens can ever run. */
    public boolean fits(int tokens) {
        return pages.pagesFor(tokens) <= pages.count();
    }

    /** Takes a sequence, which must {@link #fits fit}. */
    public void add(Sequence sequence) {
        if (!fits(sequence.limit())) {
            throw new IllegalArgumentException("a sequence of up to " + sequence.limit() + " tokens needs "
                    + pages.pagesFor(sequence.limit()) + " pages; there are " + pages.count());
        }
        boolean idle = !waiting.containsKey(sequence.tenant())
                && running.stream().noneMatch(s -> s.tenant().equals(sequence.tenant()));
        if (idle) {
            // Being away earns no credit: a tenant returns level with the one that has had least.
            long least = waiting.keySet().stream()
                    .mapToLong(tenant -> served.getOrDefault(tenant, 0L))
                    .min()
                    .orElseGet(() -> running.stream()
                            .mapToLong(s -> served.getOrDefault(s.tenant(), 0L))
                            .min()
                            .orElse(0));
            served.merge(sequence.tenant(), least, Math::max);
        }
        waiting.computeIfAbsent(sequence.tenant(), t -> new ArrayDeque<>()).add(sequence);
    }

    public int runningCount() {
        return running.size();
    }

    public int waitingCount() {
        return preempted.size()
                + waiting.values().stream().mapToInt(Deque::size).sum();
    }

    public boolean idle() {
        return running.isEmpty() && preempted.isEmpty() && waiting.isEmpty();
    }

    /** The next step; empty only if there is nothing to do. */
    public Step next() {
        List<Step.Copy> copies = new ArrayList<>();
        List<Step.Work> works = new ArrayList<>();
        List<Sequence> losers = new ArrayList<>();
        int budget = limits.stepTokens();
        for (int i = 0; i < running.size() && budget > 0; i++) {
            Sequence sequence = running.get(i);
            // Younger ones keep a token each of the step, or a long prompt would hold up every answer behind it.
            int others = Math.min(running.size() - i - 1, budget - 1);
            int count = Math.min(sequence.length() - sequence.computed(), budget - others);
            int drafts = drafts(sequence, count, budget - others - count);
            while (!secure(sequence, count + drafts, copies)) {
                if (drafts > 0) {
                    drafts = 0;
                    continue;
                }
                Sequence loser = running.getLast();
                preempt(loser);
                losers.add(loser);
                if (loser == sequence) {
                    break;
                }
            }
            if (sequence.running) {
                works.add(new Step.Work(sequence, count, drafts));
                budget -= count + drafts;
            }
        }
        while (losers.isEmpty() && budget > 0 && running.size() < limits.sequences()) {
            Sequence sequence = candidate();
            if (sequence == null || !admit(sequence, works.isEmpty())) {
                break;
            }
            int count = Math.min(sequence.length() - sequence.computed(), budget);
            if (!secure(sequence, count, copies)) {
                throw new IllegalStateException(sequence + " was admitted without pages");
            }
            works.add(new Step.Work(sequence, count, 0));
            budget -= count;
        }
        return new Step(copies, works, losers);
    }

    private int drafts(Sequence sequence, int count, int spare) {
        boolean yields =
                sequence.computed() + count == sequence.length() && sequence.length() > sequence.promptLength();
        int room = sequence.limit() - sequence.length() - 1;
        return yields ? Math.max(0, Math.min(limits.drafts(), Math.min(spare, room))) : 0;
    }

    /** Sees to it that {@code more} tokens can be written behind the computed ones; false if pages run out. */
    private boolean secure(Sequence sequence, int more, List<Step.Copy> copies) {
        int first = sequence.computed() / pages.size();
        if (first < sequence.pageCount() && pages.holders(sequence.page(first)) > 1) {
            int shared = sequence.page(first);
            int own = pages.take();
            if (own < 0) {
                return false;
            }
            copies.add(new Step.Copy(shared, own));
            sequence.page(first, own);
            pages.release(shared);
        }
        int needed = pages.pagesFor(sequence.computed() + more);
        while (sequence.pageCount() < needed) {
            int page = pages.take();
            if (page < 0) {
                return false;
            }
            sequence.addPage(page);
        }
        return true;
    }

    private void preempt(Sequence sequence) {
        running.remove(sequence);
        sequence.running = false;
        pages.release(sequence);
        preempted.addFirst(sequence);
    }

    /** Who is next: those that were preempted, then the head of the tenant that has had least. */
    private Sequence candidate() {
        if (!preempted.isEmpty()) {
            return preempted.getFirst();
        }
        Deque<Sequence> best = null;
        long least = Long.MAX_VALUE;
        for (var entry : waiting.entrySet()) {
            long had = served.getOrDefault(entry.getKey(), 0L);
            if (had < least) {
                least = had;
                best = entry.getValue();
            }
        }
        return best == null ? null : best.getFirst();
    }

    /** Starts a sequence if all its known tokens, and a page more for each that runs, find room. */
    private boolean admit(Sequence sequence, boolean alone) {
        Sequence leader = sequence.leader();
        if (leader != null && leader.running && leader.computed() < sequence.promptLength()) {
            return false;
        }
        if (leader != null && leader.running && sequence.length() == sequence.promptLength()) {
            share(leader, sequence);
        } else {
            pages.findBeginning(sequence, sequence.length() - 1);
        }
        int more = pages.pagesFor(sequence.length() + 1) - sequence.pageCount() + 1;
        int reserve = alone && running.isEmpty() ? -1 : running.size();
        if (pages.free() < more + reserve) {
            pages.release(sequence);
            return false;
        }
        if (!preempted.remove(sequence)) {
            Deque<Sequence> queue = waiting.get(sequence.tenant());
            queue.removeFirst();
            if (queue.isEmpty()) {
                waiting.remove(sequence.tenant());
            }
        }
        insert(sequence);
        return true;
    }

    /** The leader's pages up to the last token of the common prompt, which is run again for its own logits. */
    private void share(Sequence leader, Sequence sequence) {
        int common = sequence.promptLength() - 1;
        int full = Math.min(leader.registeredPages(), common / pages.size());
        for (int i = 0; i < pages.pagesFor(common); i++) {
            pages.hold(leader.page(i));
            sequence.addPage(leader.page(i));
        }
        sequence.foundCached(common);
        if (full > 0) {
            sequence.registered(pages.prefix(leader.page(full - 1)), full);
        }
    }

    /** Among the running by age, so that one that was preempted gets its old standing back. */
    private void insert(Sequence sequence) {
        int at = running.size();
        while (at > 0 && running.get(at - 1).number() > sequence.number()) {
            at--;
        }
        running.add(at, sequence);
        sequence.running = true;
    }

    /**
     * Hears that a work has been run.
     *
     * @param accepted guessed tokens that proved right; they and the one that follows are {@code tokens}
     * @param tokens what came of it, empty if the work did not {@link Step.Work#yields yield}
     */
    public void commit(Step.Work work, int accepted, int... tokens) {
        Sequence sequence = work.sequence();
        if (tokens.length != (work.yields() ? accepted + 1 : 0) || accepted > work.drafts()) {
            throw new IllegalArgumentException(tokens.length + " tokens with " + accepted + " of " + work.drafts()
                    + " guesses accepted do not come of " + sequence);
        }
        sequence.computed(sequence.computed() + work.count() + accepted);
        for (int token : tokens) {
            sequence.append(token);
        }
        pages.register(sequence);
        served.merge(sequence.tenant(), work.count() + NEW_TOKEN * tokens.length, Long::sum);
    }

    /** Forgets a sequence, wherever it stands; what its pages hold stays known. */
    public void remove(Sequence sequence) {
        if (sequence.running) {
            running.remove(sequence);
            sequence.running = false;
            pages.release(sequence);
        } else if (!preempted.remove(sequence)) {
            Deque<Sequence> queue = waiting.get(sequence.tenant());
            if (queue != null && queue.remove(sequence) && queue.isEmpty()) {
                waiting.remove(sequence.tenant());
            }
        }
        boolean gone = !waiting.containsKey(sequence.tenant())
                && running.stream().noneMatch(s -> s.tenant().equals(sequence.tenant()))
                && preempted.stream().noneMatch(s -> s.tenant().equals(sequence.tenant()));
        if (gone && idle()) {
            served.clear();
        }
    }
}
