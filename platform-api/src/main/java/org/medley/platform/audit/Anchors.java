package org.medley.platform.audit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/**
 * Heads of the chain, noted in a file beside the database. A chain by itself cannot show that its end was cut off, or
 * that somebody with all rights wrote it anew; a copy of this file kept elsewhere can.
 */
public record Anchors(Path file) {
    private static final Logger LOG = Logger.getLogger(Anchors.class);

    public static Anchors in(Path data) {
        return new Anchors(data.resolve("audit-anchors.txt"));
    }

    void note(long sequence, String hash) {
        try {
            Files.writeString(
                    file,
                    sequence + " " + hash + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.APPEND,
                    StandardOpenOption.DSYNC);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot note the head of the audit trail in " + file, e);
        }
    }

    public SortedMap<Long, String> read() {
        SortedMap<Long, String> anchors = new TreeMap<>();
        if (Files.exists(file)) {
            try {
                for (String line : Files.readAllLines(file)) {
                    // A line cut short by a crash is no evidence of anything.
                    if (line.matches("\\d{1,18} [0-9a-f]{64}")) {
                        int space = line.indexOf(' ');
                        anchors.put(Long.parseLong(line.substring(0, space)), line.substring(space + 1));
                    } else {
                        LOG.warnf("%s: a line is not readable and is passed over", file);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file, e);
            }
        }
        return anchors;
    }
}
