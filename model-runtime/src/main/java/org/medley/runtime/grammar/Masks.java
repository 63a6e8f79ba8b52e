package org.medley.runtime.grammar;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which tokens of a trie the readings of a text allow, remembered.
 *
 * <p>A token may end within the rule where a reading stands, or be cut off there, whatever called the rule: that is found
 * by one walk over the trie for each head. Where a token goes on when the rule has returned, the walk notes
 * the node, and the caller's walk continues from all the nodes noted. So walks depend on a state and on nodes, not
 * on the stack, and the tokens allowed are put together from as many as tokens reach up the stack.
 */
final class Masks {
    private static final int[] FROM_ROOT = {TokenTrie.ROOT};

    private final Automaton automaton;
    private final int words;
    private final TokenTrie trie;
    private final long mostBytes;
    private final ConfigPool pool;
    private final ConcurrentHashMap<Nodes, Nodes> nodes = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Key, Walk> walks = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Nodes root = new Nodes(FROM_ROOT);

    /** Nodes of the trie at which walks begin. */
    private static final class Nodes {
        private final int[] nodes;
        private final int hash;

        Nodes(int[] nodes) {
            this.nodes = nodes;
            this.hash = Arrays.hashCode(nodes);
        }

        @Override
        public boolean equals(Object object) {
            return this == object
                    || object instanceof Nodes other && hash == other.hash && Arrays.equals(nodes, other.nodes);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private record Key(long head, Nodes from) {}

    /** What a walk found; the mask is kept whole, or as the words that are not zero if these are few. */
    private static final class Walk {
        private final long[] whole;
        /** Each word with its index before it; null if the mask is whole. */
        private final long[] few;
        /** Where tokens go on in the caller; null if none does. */
        private final Nodes leaving;

        Walk(long[] mask, Nodes leaving) {
            this.leaving = leaving;
            int used = 0;
            for (long word : mask) {
                used += word == 0 ? 0 : 1;
            }
            whole = used > mask.length / 4 ? mask : null;
            few = whole == null ? new long[2 * used] : null;
            for (int i = 0, j = 0; i < mask.length && few != null; i++) {
                if (mask[i] != 0) {
                    few[j++] = i;
                    few[j++] = mask[i];
                }
            }
        }

        void or(long[] mask) {
            if (whole != null) {
                for (int i = 0; i < whole.length; i++) {
                    mask[i] |= whole[i];
                }
            } else {
                for (int i = 0; i < few.length; i += 2) {
                    mask[(int) few[i]] |= few[i + 1];
                }
            }
        }

        long bytes() {
            return 8L * (whole == null ? few.length : whole.length)
                    + (leaving == null ? 0 : 4L * leaving.nodes.length)
                    + 128;
        }
    }

    /**
     * @param words of a mask
     * @param mostBytes that walks may take before they are forgotten and begun anew
     */
    Masks(Automaton automaton, ConfigPool pool, TokenTrie trie, int words, long mostBytes) {
        this.pool = pool;
        this.automaton = automaton;
        this.trie = trie;
        this.words = words;
        this.mostBytes = mostBytes;
    }

    /** Sets the bits of the tokens that may follow, ends of sequence aside. */
    void or(Config config, long[] mask) {
        if (bytes.get() > mostBytes) {
            walks.clear();
            nodes.clear();
            bytes.set(0);
        }
        for (int i = 0; i < config.size(); i++) {
            or(config.head(i), config.stack(i), root, mask);
        }
    }

    private void or(long head, Stack stack, Nodes from, long[] mask) {
        Walk walk = walk(Head.within(trie.longest(), head), from);
        walk.or(mask);
        if (walk.leaving != null) {
            for (int i = 0; i < stack.callers(); i++) {
                or(stack.caller(i), stack.below(i), walk.leaving, mask);
            }
        }
    }

    private Walk walk(long head, Nodes from) {
        Key key = new Key(head, from);
        Walk known = walks.get(key);
        if (known != null) {
            return known;
        }
        return walks.computeIfAbsent(key, _ -> {
            Walk walk = walkNow(head, from);
            bytes.addAndGet(walk.bytes());
            return walk;
        });
    }

    private Walk walkNow(long head, Nodes from) {
        long[] mask = new long[words];
        int[] leaving = new int[16];
        int left = 0;
        Config[] path = new Config[trie.longest() + 1];
        Config start = pool.one(Config.at(automaton, head));
        for (int first : from.nodes) {
            path[trie.depth(first)] = start;
            int end = trie.end(first);
            for (int node = first; node < end; ) {
                Config config = start;
                if (node != first) {
                    config = path[trie.depth(node) - 1].step(trie.label(node), pool);
                    if (config == null) {
                        node = trie.end(node);
                        continue;
                    }
                    path[trie.depth(node)] = config;
                    trie.mark(node, mask);
                }
                if (trie.hasChildren(node) && config.mayEnd()) {
                    if (left == leaving.length) {
                        leaving = Arrays.copyOf(leaving, 2 * left);
                    }
                    leaving[left++] = node;
                }
                node++;
            }
        }
        Nodes beyond = left == 0 ? null : one(new Nodes(Arrays.copyOf(leaving, left)));
        return new Walk(mask, beyond);
    }

    private Nodes one(Nodes set) {
        Nodes known = nodes.putIfAbsent(set, set);
        return known == null ? set : known;
    }
}
