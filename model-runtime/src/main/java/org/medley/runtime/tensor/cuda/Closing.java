package org.medley.runtime.tensor.cuda;

import java.util.Arrays;
import java.util.stream.Stream;

/** Closes parts one after the other, each whether or not those before it failed. */
public final class Closing {
    private Closing() {}

    /** @throws RuntimeException what the first that failed threw, later failures suppressed in it */
    public static void all(Runnable... parts) {
        all(Arrays.stream(parts));
    }

    /** @throws RuntimeException as for parts one by one */
    public static void all(Stream<Runnable> parts) {
        RuntimeException[] first = new RuntimeException[1];
        parts.forEach(part -> {
            try {
                part.run();
            } catch (RuntimeException e) {
                if (first[0] == null) {
                    first[0] = e;
                } else {
                    first[0].addSuppressed(e);
                }
            }
        });
        if (first[0] != null) {
            throw first[0];
        }
    }

    /** Closes after a failure, which stays the one that is told; what fails now is suppressed in it. */
    public static void after(Throwable cause, Runnable... parts) {
        try {
            all(parts);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }
}
