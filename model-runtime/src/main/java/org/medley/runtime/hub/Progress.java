package org.medley.runtime.hub;

import java.io.PrintStream;
import java.util.Locale;

/** A line about how far a transfer is, rewritten a few times a second on a terminal, said at tenths elsewhere. */
final class Progress {
    private static final int WIDTH = 30;

    private final PrintStream out;
    private final boolean terminal;
    private final long total;
    private final long began = System.nanoTime();
    private long done;
    private long fetched;
    private long shown;
    private int tenth = -1;
    private String name = "";

    Progress(PrintStream out, boolean terminal, long total) {
        this.out = out;
        this.terminal = terminal;
        this.total = Math.max(1, total);
    }

    void file(String file) {
        name = file;
    }

    /** Bytes that need not be fetched, or negative ones that have to be again. */
    void have(long bytes) {
        done += bytes;
    }

    void fetched(long bytes) {
        done += bytes;
        fetched += bytes;
        int part = (int) (10 * done / total);
        boolean due = terminal ? System.nanoTime() - shown > 200_000_000L || done == total : part > tenth;
        if (due) {
            tenth = part;
            shown = System.nanoTime();
            show();
        }
    }

    private void show() {
        double seconds = Math.max(1e-3, (System.nanoTime() - began) / 1e9);
        double unit = total < 1e9 ? 1e6 : 1e9;
        int filled = (int) Math.clamp(WIDTH * done / total, 0, WIDTH);
        out.printf(
                Locale.ROOT,
                "%s[%s%s] %3d%%  %.1f of %.1f %s  %.1f MB/s  %-40.40s%s",
                terminal ? "\r" : "",
                "=".repeat(filled),
                " ".repeat(WIDTH - filled),
                100 * done / total,
                done / unit,
                total / unit,
                unit == 1e9 ? "GB" : "MB",
                fetched / 1e6 / seconds,
                name,
                terminal ? "" : System.lineSeparator());
        out.flush();
    }

    void end() {
        if (terminal) {
            out.println();
        }
    }
}
