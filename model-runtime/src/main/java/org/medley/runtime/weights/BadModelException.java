package org.medley.runtime.weights;

import java.nio.file.Path;

/** A model's files cannot be used; the message names the file, what is wrong in it and what would be right. */
public final class BadModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadModelException(Path file, String problem) {
        super(file + ": " + problem);
    }

    public BadModelException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
