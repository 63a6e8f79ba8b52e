package org.medley.training.recipe;

/** A recipe or its data cannot be used; the message names the file, the place in it, and what would be right. */
public final class BadRecipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadRecipeException(String message) {
        super(message);
    }

    public BadRecipeException(String message, Throwable cause) {
        super(message, cause);
    }
}
