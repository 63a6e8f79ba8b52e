package org.medley.training.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al. 2016, on bytes as in GPT-2) and writes it as a Hugging Face
 * {@code tokenizer.json}. Deterministic: ties are broken by the pair's text.
 */
public final class BpeTrainer {
    /** The control tokens, ids 0, 1 and 2. */
    public static final List<String> SPECIAL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    private static final Pattern WORDS =
            Pattern.compile("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
    private static final ObjectMapper JSON = new ObjectMapper();

    private BpeTrainer() {}

    private record Pair(String left, String right) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            int byLeft = left.compareTo(other.left);
            return byLeft != 0 ? byLeft : right.compareTo(other.right);
        }
    }

    private record Candidate(Pair pair, long count) {}

    private static final class Word {
        final List<String> parts;
        final long count;

        Word(List<String> parts, long count) {
            this.parts = parts;
            this.count = count;
        }
    }

    /**
     * @param vocabulary number of tokens wanted, control tokens and the 256 bytes included
     * @return the text of {@code tokenizer.json}; it has fewer tokens if the texts hold no further pair
     */
    public static String train(Iterable<String> texts, int vocabulary) {
        if (vocabulary < SPECIAL.size() + 256) {
            throw new IllegalArgumentException(
                    "vocabulary of " + vocabulary + " tokens; at least " + (SPECIAL.size() + 256) + " are needed");
        }
        List<Word> words = words(texts);
        Map<Pair, Long> counts = new HashMap<>();
        Map<Pair, Set<Word>> places = new HashMap<>();
        for (Word word : words) {
            for (int i = 0; i + 1 < word.parts.size(); i++) {
                Pair pair = new Pair(word.parts.get(i), word.parts.get(i + 1));
                counts.merge(pair, word.count, Long::sum);
                places.computeIfAbsent(pair, p -> new HashSet<>()).add(word);
            }
        }
        PriorityQueue<Candidate> queue = new PriorityQueue<>(
                (a, b) -> a.count != b.count ? Long.compare(b.count, a.count) : a.pair.compareTo(b.pair));
        counts.forEach((pair, count) -> queue.add(new Candidate(pair, count)));
        List<Pair> merges = new ArrayList<>();
        Set<String> tokens = new java.util.LinkedHashSet<>(bytes());
        while (SPECIAL.size() + tokens.size() < vocabulary && !queue.isEmpty()) {
            Candidate best = queue.poll();
            long current = counts.getOrDefault(best.pair, 0L);
            if (current != best.count || current < 2) {
                continue; // an outdated entry; the pair was queued again when its count changed
            }
            merges.add(best.pair);
            tokens.add(best.pair.left + best.pair.right);
            Set<Pair> changed = new HashSet<>();
            for (Word word : places.remove(best.pair)) {
                merge(word, best.pair, counts, places, changed);
            }
            counts.remove(best.pair);
            for (Pair pair : changed) {
                if (counts.getOrDefault(pair, 0L) > 0) {
                    queue.add(new Candidate(pair, counts.get(pair)));
                }
            }
        }
        return json(tokens, merges);
    }

    private static List<Word> words(Iterable<String> texts) {
        Map<String, Long> counted = new TreeMap<>();
        for (String text : texts) {
            Matcher matcher = WORDS.matcher(text);
            while (matcher.find()) {
                counted.merge(matcher.group(), 1L, Long::sum);
            }
        }
        List<Word> words = new ArrayList<>();
        counted.forEach((text, count) -> {
            List<String> parts = new ArrayList<>();
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                parts.add(symbol(b & 0xff));
            }
            words.add(new Word(parts, count));
        });
        return words;
    }

    private static void merge(
            Word word, Pair pair, Map<Pair, Long> counts, Map<Pair, Set<Word>> places, Set<Pair> changed) {
        List<String> parts = word.parts;
        for (int i = 0; i + 1 < parts.size(); i++) {
            if (!parts.get(i).equals(pair.left) || !parts.get(i + 1).equals(pair.right)) {
                continue;
            }
            String merged = pair.left + pair.right;
            if (i > 0) {
                move(
                        word,
                        new Pair(parts.get(i - 1), pair.left),
                        new Pair(parts.get(i - 1), merged),
                        counts,
                        places,
                        changed);
            }
            if (i + 2 < parts.size()) {
                move(
                        word,
                        new Pair(pair.right, parts.get(i + 2)),
                        new Pair(merged, parts.get(i + 2)),
                        counts,
                        places,
                        changed);
            }
            parts.set(i, merged);
            parts.remove(i + 1);
        }
    }

    private static void move(
            Word word, Pair from, Pair to, Map<Pair, Long> counts, Map<Pair, Set<Word>> places, Set<Pair> changed) {
        counts.merge(from, -word.count, Long::sum);
        counts.merge(to, word.count, Long::sum);
        places.computeIfAbsent(to, p -> new HashSet<>()).add(word);
        changed.add(from);
        changed.add(to);
    }

    /** GPT-2's printable stand-in for a byte: itself where printable, else 256 + its rank among the others. */
    private static String symbol(int value) {
        if (printable(value)) {
            return String.valueOf((char) value);
        }
        int rank = 0;
        for (int b = 0; b < value; b++) {
            rank += printable(b) ? 0 : 1;
        }
        return String.valueOf((char) (256 + rank));
    }

    private static boolean printable(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
    }

    private static List<String> bytes() {
        List<String> symbols = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            symbols.add(symbol(b));
        }
        return symbols;
    }

    private static String json(Set<String> tokens, List<Pair> merges) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        SPECIAL.forEach(token -> ids.put(token, ids.size()));
        tokens.forEach(token -> ids.putIfAbsent(token, ids.size()));
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        ArrayNode added = root.putArray("added_tokens");
        for (String token : SPECIAL) {
            added.addObject()
                    .put("id", ids.get(token))
                    .put("content", token)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        for (String part : List.of("pre_tokenizer", "decoder")) {
            root.putObject(part)
                    .put("type", "ByteLevel")
                    .put("add_prefix_space", false)
                    .put("trim_offsets", true)
                    .put("use_regex", true);
        }
        ObjectNode model = root.putObject("model");
        model.put("type", "BPE");
        ObjectNode vocabulary = model.putObject("vocab");
        ids.forEach(vocabulary::put);
        ArrayNode list = model.putArray("merges");
        merges.forEach(pair -> list.addArray().add(pair.left).add(pair.right));
        return root.toString();
    }
}
