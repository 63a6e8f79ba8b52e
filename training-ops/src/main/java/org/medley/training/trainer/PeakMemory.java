package org.medley.training.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The most memory that this process has held at a time, as the kernel counts it. */
final class PeakMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern LINE = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    private PeakMemory() {}

    /** Bytes; empty on systems that do not tell. */
    static OptionalDouble bytes() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.map(LINE::matcher)
                    .filter(Matcher::matches)
                    .mapToDouble(line -> 1024.0 * Long.parseLong(line.group(1)))
                    .findFirst();
        } catch (IOException e) {
            return OptionalDouble.empty();
        }
    }
}
