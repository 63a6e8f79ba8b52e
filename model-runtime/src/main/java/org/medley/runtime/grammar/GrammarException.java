package org.medley.runtime.grammar;

/** A grammar cannot be built from what was asked; the message names the place, what is wrong and what would be right. */
public final class GrammarException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    public GrammarException(String problem) {
        super(problem);
    }

    /** @param place a JSON pointer as a URI fragment, such as {@code #/properties/age/minimum} */
    GrammarException(String place, String problem) {
        super(place + ": " + problem);
    }
}
