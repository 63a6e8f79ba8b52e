package org.medley.runtime.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;

/** A model that prefers tokens at random, and after some of them bytes that bring the text to an end soon. */
final class RandomModel {
    private final Vocabulary vocabulary;
    private final SplittableRandom random;
    private final int[] whole;
    private final int[] singles = new int[256];

    RandomModel(Vocabulary vocabulary, SplittableRandom random) {
        this.vocabulary = vocabulary;
        this.random = random;
        this.whole = new int[vocabulary.maskWords() * 64];
        for (int token = 0; token < vocabulary.size(); token++) {
            if (vocabulary.tokens().text(token) && vocabulary.tokens().length(token) == 1) {
                singles[vocabulary.tokens().at(token, 0) & 0xFF] = token;
            }
        }
    }

    String write(Grammar grammar, int budget) {
        GrammarState state = grammar.start();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        long[] mask = new long[vocabulary.maskWords()];
        Deque<Byte> ending = null;
        while (true) {
            int allowed = state.fill(mask);
            if (allowed == 0) {
                throw new IllegalStateException("nothing may follow '" + text.toString(StandardCharsets.UTF_8) + "'");
            }
            int token;
            if (state.accepted() < budget) {
                token = any(mask, allowed);
            } else {
                ending = ending == null ? ending(state.config()) : ending;
                token = ending.isEmpty() ? vocabulary.ends()[0] : singles[ending.remove() & 0xFF];
            }
            if ((mask[token >> 6] >>> token & 1) == 0) {
                throw new IllegalStateException("token " + token + " may not follow '"
                        + text.toString(StandardCharsets.UTF_8) + "', though it ends it");
            }
            state.accept(token);
            if (vocabulary.ends(token)) {
                return decode(text.toByteArray());
            }
            text.writeBytes(vocabulary.tokens().bytes(token));
        }
    }

    private record Path(Config config, byte last, Path before, int length) {
        /** Few bytes and few rules that have not returned look like being near the end. */
        int cost() {
            int depth = Integer.MAX_VALUE;
            for (int i = 0; i < config.size(); i++) {
                int callers = 0;
                for (Stack stack = config.stack(i); stack.callers() > 0; stack = stack.below(0)) {
                    callers++;
                }
                depth = Math.min(depth, callers);
            }
            return length + 8 * depth;
        }
    }

    /** Some bytes after which the text may end: the best first of what single bytes lead to. */
    private static Deque<Byte> ending(Config from) {
        PriorityQueue<Path> open = new PriorityQueue<>(Comparator.comparingInt(Path::cost));
        open.add(new Path(from, (byte) 0, null, 0));
        Set<Config> seen = new HashSet<>(List.of(from));
        while (!open.isEmpty()) {
            Path path = open.remove();
            if (path.config.mayEnd()) {
                Deque<Byte> bytes = new ArrayDeque<>();
                for (; path.before != null; path = path.before) {
                    bytes.addFirst(path.last);
                }
                return bytes;
            }
            CodeSet next = path.config.bytes();
            for (int b = 0; b < 256; b++) {
                Config after = next.contains(b) ? path.config.step(b) : null;
                if (after != null && seen.add(after)) {
                    open.add(new Path(after, (byte) b, path, path.length + 1));
                }
            }
        }
        throw new IllegalStateException("there is no way to an end");
    }

    private static String decode(byte[] text) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalStateException("not UTF-8: " + new String(text, StandardCharsets.UTF_8), e);
        }
    }

    /** An allowed token, single bytes as likely as all others together. */
    private int any(long[] mask, int allowed) {
        int size = 0;
        boolean single = random.nextBoolean();
        for (int pass = 0; size == 0 && pass < 2; pass++, single = !single) {
            for (int word = 0; word < mask.length; word++) {
                for (long rest = mask[word]; rest != 0; rest &= rest - 1) {
                    int token = word << 6 | Long.numberOfTrailingZeros(rest);
                    if (single == (vocabulary.tokens().length(token) == 1)) {
                        whole[size++] = token;
                    }
                }
            }
        }
        if (size == 0 || size > allowed) {
            throw new IllegalStateException(size + " tokens found of " + allowed);
        }
        return whole[random.nextInt(size)];
    }
}
