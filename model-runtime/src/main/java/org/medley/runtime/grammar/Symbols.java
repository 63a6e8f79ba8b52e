package org.medley.runtime.grammar;

/**
 * What automata read beyond code points or bytes. An automaton over code points knows the two edges of the text; one over
 * bytes has moves that read no byte: counting one item, being done with counting, and calling a rule.
 */
final class Symbols {
    /** Before the first and after the last code point of a text. */
    static final int TEXT_BEGINS = Character.MAX_CODE_POINT + 1;

    static final int TEXT_ENDS = Character.MAX_CODE_POINT + 2;

    static final int BYTES = 256;
    /** One more item; possible while the rule's maximum is not reached. */
    static final int COUNT = 256;
    /** No more items; possible when the rule's minimum is reached. */
    static final int COUNTED = 257;
    /** {@code CALL + r} calls rule {@code r}. */
    static final int CALL = 258;

    private Symbols() {}
}
