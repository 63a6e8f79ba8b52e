package org.medley.runtime.engine.schedule;

import java.util.Arrays;

/** One sequence as the scheduler sees it: its tokens so far, and the pages that hold their keys and values. */
public final class Sequence {
    private final long number;
    private final String tenant;
    private final Object salt;
    private final int promptLength;
    private final int limit;
    private final Sequence leader;

    private int[] tokens;
    private int length;
    private int computed;
    private int cached;
    private int[] pages = new int[8];
    private int pageCount;
    private long registered;
    private int registeredPages;
    boolean running;

    /**
     * @param number its place in the order of arrival
     * @param tenant whose share of the engine it takes
     * @param salt what must be equal, beside the tokens, for keys and values to be shared: the adapter, and the tenant,
     *     since the time an answer takes would otherwise tell one tenant what another asked
     * @param prompt at least one token
     * @param limit most tokens of prompt and answer together
     * @param leader a sequence with the same prompt and salt whose pages this one may share when they are computed; null
     *     for none
     */
    public Sequence(long number, String tenant, Object salt, int[] prompt, int limit, Sequence leader) {
        if (prompt.length == 0 || limit <= prompt.length) {
            throw new IllegalArgumentException(
                    "a prompt of " + prompt.length + " tokens with a limit of " + limit + " leaves nothing to do");
        }
        this.number = number;
        this.tenant = tenant;
        this.salt = salt;
        this.tokens = Arrays.copyOf(prompt, Math.min(limit, prompt.length + 64));
        this.length = prompt.length;
        this.promptLength = prompt.length;
        this.limit = limit;
        this.leader = leader;
    }

    public long number() {
        return number;
    }

    String tenant() {
        return tenant;
    }

    Object salt() {
        return salt;
    }

    Sequence leader() {
        return leader;
    }

    public int promptLength() {
        return promptLength;
    }

    /** Most tokens of prompt and answer together. */
    public int limit() {
        return limit;
    }

    /** Tokens known so far, prompt included. */
    public int length() {
        return length;
    }

    public int token(int index) {
        return tokens[index];
    }

    public int[] tokens(int from, int to) {
        return Arrays.copyOfRange(tokens, from, to);
    }

    /** Tokens whose keys and values are in the pages. */
    public int computed() {
        return computed;
    }

    /** Tokens of the prompt that were found in pages instead of computed, when it was last admitted. */
    public int cached() {
        return cached;
    }

    public int[] pages() {
        return Arrays.copyOf(pages, pageCount);
    }

    int pageCount() {
        return pageCount;
    }

    int page(int index) {
        return pages[index];
    }

    void page(int index, int page) {
        pages[index] = page;
    }

    void addPage(int page) {
        if (pageCount == pages.length) {
            pages = Arrays.copyOf(pages, 2 * pageCount);
        }
        pages[pageCount++] = page;
    }

    void clearPages() {
        pageCount = 0;
        computed = 0;
        registered = 0;
        registeredPages = 0;
    }

    void computed(int count) {
        computed = count;
    }

    void foundCached(int count) {
        computed = count;
        cached = count;
    }

    void append(int token) {
        if (length == limit) {
            throw new IllegalStateException("sequence " + number + " is at its limit of " + limit + " tokens");
        }
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.min(limit, 2 * length));
        }
        tokens[length++] = token;
    }

    /** The prefix that {@link #registeredPages} pages form, 0 for the empty one. */
    long registered() {
        return registered;
    }

    int registeredPages() {
        return registeredPages;
    }

    void registered(long prefix, int count) {
        registered = prefix;
        registeredPages = count;
    }

    @Override
    public String toString() {
        return "sequence " + number + " (" + computed + " of " + length + " tokens computed)";
    }
}
