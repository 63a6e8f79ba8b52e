package org.medley.runtime.tensor.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * The process's compute threads: one per core, kept for life, waiting for the next op by a short spin and then a park.
 * The caller works too. One parallel section runs at a time; callers from several threads take turns.
 */
public final class Workers {
    private static final int SPINS = 2_000;
    private static final int ELEMENT_BLOCK = 64;
    private static final int ELEMENT_GRAIN = 16_384;
    private static final Workers SHARED = new Workers(threads());

    private final Thread[] helpers;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private volatile Section section;

    private record Section(long number, int tasks, IntConsumer body) {}

    private volatile Throwable failure;
    private long sections;

    private Workers(int threads) {
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = Thread.ofPlatform()
                    .daemon()
                    .name("medley-compute-" + (i + 1))
                    .unstarted(this::serve);
        }
        for (Thread helper : helpers) {
            helper.start();
        }
    }

    private static int threads() {
        int available = Runtime.getRuntime().availableProcessors();
        int wanted = Integer.getInteger("medley.threads", available);
        if (wanted < 1) {
            throw new IllegalArgumentException("medley.threads is " + wanted + "; it must be at least 1");
        }
        return wanted;
    }

    public static int count() {
        return SHARED.helpers.length + 1;
    }

    /** Runs {@code body} for 0..tasks-1, each once, on all cores; returns when all have ended, rethrowing a failure. */
    public static void run(int tasks, IntConsumer body) {
        if (tasks <= 1 || SHARED.helpers.length == 0) {
            for (int i = 0; i < tasks; i++) {
                body.accept(i);
            }
            return;
        }
        SHARED.share(tasks, body);
    }

    /** Splits {@code [0, size)} into ranges of at least {@code grain}, a few per thread, and runs them. */
    public static void ranges(int size, int grain, RangeBody body) {
        int parts = Math.clamp(size / Math.max(1, grain), 1, count() * 4);
        run(parts, part -> {
            int from = (int) ((long) size * part / parts);
            int to = (int) ((long) size * (part + 1) / parts);
            body.accept(from, to);
        });
    }

    /**
     * The same over elements. A part begins at a multiple of every vector's width, so that which elements are computed one
     * by one, and in their last bit otherwise, does not depend on the number of threads.
     */
    public static void elements(long size, RangeBody body) {
        int blocks = Math.toIntExact((size + ELEMENT_BLOCK - 1) / ELEMENT_BLOCK);
        ranges(
                blocks,
                ELEMENT_GRAIN / ELEMENT_BLOCK,
                (from, to) -> body.accept(from * ELEMENT_BLOCK, (int) Math.min(size, (long) to * ELEMENT_BLOCK)));
    }

    /** Work on a half-open range. */
    public interface RangeBody {
        void accept(int from, int to);
    }

    private synchronized void share(int tasks, IntConsumer body) {
        next.set(0);
        failure = null;
        running.set(helpers.length);
        Section current = new Section(++sections, tasks, body);
        section = current;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
        work(current);
        int spins = 0;
        while (running.get() > 0) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        Throwable thrown = failure;
        if (thrown instanceof IllegalArgumentException refusal) {
            throw refusal;
        }
        if (thrown != null) {
            throw new IllegalStateException("a parallel section failed: " + thrown, thrown);
        }
    }

    private void work(Section current) {
        try {
            int task = next.getAndIncrement();
            while (task < current.tasks) {
                current.body.accept(task);
                task = next.getAndIncrement();
            }
        } catch (RuntimeException | Error e) {
            failure = e;
            next.set(current.tasks);
        }
    }

    private void serve() {
        long done = 0;
        while (true) {
            Section current = section;
            int spins = 0;
            while (current == null || current.number == done) {
                if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                    spins = 0;
                }
                current = section;
            }
            work(current);
            done = current.number;
            running.decrementAndGet();
        }
    }
}
