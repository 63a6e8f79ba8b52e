package org.medley.runtime.grammar;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Tokens as a trie of bytes, its nodes numbered so that a node's descendants follow it directly. Node
 * 0 is the root.
 */
final class TokenTrie {
    static final int ROOT = 0;

    private int nodes = 1;
    private byte[] label = new byte[1 << 12];
    private int[] depth = new int[1 << 12];
    /** One more than the last descendant. */
    private int[] end = new int[1 << 12];
    /** Where a node's tokens begin in {@link #tokens}; they end where the next node's begin. */
    private int[] first = new int[1 << 12];

    private final int[] tokens;
    private final int longest;

    /** @param tokenIds ids of tokens with bytes */
    TokenTrie(TokenBytes vocabulary, IntStream tokenIds) {
        tokens = tokenIds.boxed()
                .sorted((a, b) -> compare(vocabulary, a, b))
                .mapToInt(id -> id)
                .toArray();
        int most = 0;
        for (int id : tokens) {
            most = Math.max(most, vocabulary.length(id));
        }
        longest = most;
        // Open nodes by depth, of the token before.
        int[] path = new int[longest + 1];
        int open = 0;
        for (int t = 0; t < tokens.length; t++) {
            int id = tokens[t];
            int shared = 0;
            while (shared < open
                    && shared < vocabulary.length(id)
                    && label[path[shared + 1]] == vocabulary.at(id, shared)) {
                shared++;
            }
            for (; open > shared; open--) {
                end[path[open]] = nodes;
            }
            for (; open < vocabulary.length(id); open++) {
                grow();
                label[nodes] = vocabulary.at(id, open);
                depth[nodes] = open + 1;
                first[nodes] = t;
                path[open + 1] = nodes++;
            }
        }
        for (; open >= 0; open--) {
            end[path[open]] = nodes;
        }
        grow();
        first[nodes] = tokens.length;
    }

    private static int compare(TokenBytes vocabulary, int a, int b) {
        int shorter = Math.min(vocabulary.length(a), vocabulary.length(b));
        for (int i = 0; i < shorter; i++) {
            int order = Integer.compare(vocabulary.at(a, i) & 0xFF, vocabulary.at(b, i) & 0xFF);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(vocabulary.length(a), vocabulary.length(b));
    }

    private void grow() {
        if (nodes + 1 >= label.length) {
            label = Arrays.copyOf(label, 2 * label.length);
            depth = Arrays.copyOf(depth, 2 * depth.length);
            end = Arrays.copyOf(end, 2 * end.length);
            first = Arrays.copyOf(first, 2 * first.length);
        }
    }

    int nodes() {
        return nodes;
    }

    int label(int node) {
        return label[node] & 0xFF;
    }

    int depth(int node) {
        return depth[node];
    }

    int end(int node) {
        return end[node];
    }

    boolean hasChildren(int node) {
        return end[node] > node + 1;
    }

    /** Sets the bits of the tokens that end at {@code node}. */
    void mark(int node, long[] mask) {
        for (int t = first[node]; t < first[node + 1]; t++) {
            mask[tokens[t] >>> 6] |= 1L << tokens[t];
        }
    }

    /** Bytes of the longest token. */
    int longest() {
        return longest;
    }
}
