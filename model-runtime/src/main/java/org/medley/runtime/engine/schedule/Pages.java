package org.medley.runtime.engine.schedule;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;

/**
 * Who holds which page of the key-value cache, and what full pages contain. A page that nobody holds keeps its contents
 * until it is needed for something else; until then a sequence that begins alike takes it up again.
 *
 * <p>Contents are found by the tokens themselves, page after page along a tree, and never by a hash alone: two prompts
 * cannot be mistaken for each other.
 */
public final class Pages {
    private final int size;
    private final int[] holders;
    private final Prefix[] contents;
    private final ArrayDeque<Integer> empty = new ArrayDeque<>();
    /** Pages that nobody holds but whose contents are known, the one unused longest first. */
    private final LinkedHashSet<Integer> idle = new LinkedHashSet<>();

    private final Map<Prefix, Node> known = new HashMap<>();
    private long prefixes;

    /** A full page's tokens behind the prefix before it; {@code salt} tells the first pages of unlike roots apart. */
    private record Prefix(long parent, Object salt, int[] tokens) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Prefix p
                    && p.parent == parent
                    && p.salt.equals(salt)
                    && Arrays.equals(p.tokens, tokens);
        }

        @Override
        public int hashCode() {
            return (Long.hashCode(parent) * 31 + salt.hashCode()) * 31 + Arrays.hashCode(tokens);
        }
    }

    private record Node(long id, int page) {}

    /**
     * @param count pages there are
     * @param size tokens of a page
     */
    public Pages(int count, int size) {
        this.size = size;
        this.holders = new int[count];
        this.contents = new Prefix[count];
        for (int page = 0; page < count; page++) {
            empty.add(page);
        }
    }

    public int count() {
        return holders.length;
    }

    /** Pages that can be taken now. */
    public int free() {
        return empty.size() + idle.size();
    }

    int size() {
        return size;
    }

    int holders(int page) {
        return holders[page];
    }

    int pagesFor(int tokens) {
        return (tokens + size - 1) / size;
    }

    /** A page for new contents, or -1 if there is none. */
    int take() {
        Integer page = empty.poll();
        if (page == null) {
            if (idle.isEmpty()) {
                return -1;
            }
            page = idle.removeFirst();
            known.remove(contents[page]);
            contents[page] = null;
        }
        holders[page] = 1;
        return page;
    }

    void hold(int page) {
        if (holders[page]++ == 0) {
            idle.remove(page);
        }
    }

    void release(int page) {
        if (holders[page] < 1) {
            throw new IllegalStateException("page " + page + " is released by nobody who holds it");
        }
        if (--holders[page] == 0) {
            if (contents[page] == null) {
                empty.push(page);
            } else {
                idle.add(page);
            }
        }
    }

    /** The prefix that ends with this page, whose contents are known. */
    long prefix(int page) {
        return known.get(contents[page]).id;
    }

    /** Gives the sequence the pages that are known to hold its beginning, up to {@code most} tokens. */
    void findBeginning(Sequence sequence, int most) {
        long prefix = 0;
        int found = 0;
        while ((found + 1) * size <= most) {
            int[] tokens = sequence.tokens(found * size, (found + 1) * size);
            Node node = known.get(new Prefix(prefix, sequence.salt(), tokens));
            if (node == null) {
                break;
            }
            hold(node.page);
            sequence.addPage(node.page);
            prefix = node.id;
            found++;
        }
        sequence.registered(prefix, found);
        sequence.foundCached(found * size);
    }

    /**
     * Makes the sequence's full pages known. Where another sequence was first with the same contents, its page takes the
     * place of this one's.
     */
    void register(Sequence sequence) {
        while ((sequence.registeredPages() + 1) * size <= sequence.computed()) {
            int index = sequence.registeredPages();
            int page = sequence.page(index);
            int[] tokens = sequence.tokens(index * size, (index + 1) * size);
            Prefix prefix = new Prefix(sequence.registered(), sequence.salt(), tokens);
            Node node = known.get(prefix);
            if (node == null) {
                if (contents[page] != null) {
                    throw new IllegalStateException("page " + page + " is known for other contents");
                }
                node = new Node(++prefixes, page);
                known.put(prefix, node);
                contents[page] = prefix;
            } else if (node.page != page) {
                hold(node.page);
                sequence.page(index, node.page);
                release(page);
            }
            sequence.registered(node.id, index + 1);
        }
    }

    /** Lets go of all the sequence's pages, the last first: beginnings are worth most to others and are kept longest. */
    void release(Sequence sequence) {
        for (int i = sequence.pageCount() - 1; i >= 0; i--) {
            release(sequence.page(i));
        }
        sequence.clearPages();
    }
}
