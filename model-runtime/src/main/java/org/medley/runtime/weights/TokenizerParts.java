package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parts of a {@code tokenizer.json}. */
final class TokenizerParts {
    private TokenizerParts() {}

    static ObjectNode byteLevel(boolean useRegex) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", useRegex);
    }

    /** Merges as "left right"; files have them so, or as pairs. */
    static List<String> merges(JsonNode model) {
        List<String> merges = new ArrayList<>();
        model.path("merges")
                .forEach(merge -> merges.add(
                        merge.isTextual()
                                ? merge.asText()
                                : merge.path(0).asText() + " " + merge.path(1).asText()));
        return merges;
    }

    /** Whether two tokenizers cut every text alike, as far as their descriptions show. */
    static boolean same(JsonNode a, JsonNode b) {
        return sameStep(a.path("normalizer"), b.path("normalizer"))
                && sameStep(a.path("pre_tokenizer"), b.path("pre_tokenizer"))
                && sameStep(a.path("decoder"), b.path("decoder"))
                && addedTokens(a).equals(addedTokens(b))
                && sameModel(a.path("model"), b.path("model"))
                && words(a).equals(words(b));
    }

    private static boolean sameModel(JsonNode a, JsonNode b) {
        for (String field : List.of("type", "unk_token", "byte_fallback", "fuse_unk", "ignore_merges")) {
            if (!text(a.path(field)).equals(text(b.path(field)))) {
                return false;
            }
        }
        return merges(a).equals(merges(b));
    }

    /** The vocabulary but for added tokens, which are found before it is looked into. */
    private static Map<String, Integer> words(JsonNode tokenizer) {
        Map<String, Integer> words = new HashMap<>();
        tokenizer
                .path("model")
                .path("vocab")
                .properties()
                .forEach(word -> words.put(word.getKey(), word.getValue().asInt()));
        tokenizer
                .path("added_tokens")
                .forEach(token -> words.remove(token.path("content").asText()));
        return words;
    }

    private static Map<Integer, String> addedTokens(JsonNode tokenizer) {
        Map<Integer, String> tokens = new HashMap<>();
        tokenizer.path("added_tokens").forEach(token -> {
            StringBuilder flags = new StringBuilder(token.path("content").asText());
            for (String flag : List.of("special", "normalized", "lstrip", "rstrip", "single_word")) {
                flags.append(' ').append(token.path(flag).asBoolean());
            }
            tokens.put(token.path("id").asInt(), flags.toString());
        });
        return tokens;
    }

    /** Equal but for what only moves offsets; null, false and absent are the same. */
    static boolean sameStep(JsonNode a, JsonNode b) {
        if (!a.isObject() || !b.isObject()) {
            return a.isArray() && b.isArray() ? sameSteps(a, b) : text(a).equals(text(b));
        }
        Set<String> fields = new java.util.HashSet<>();
        a.fieldNames().forEachRemaining(fields::add);
        b.fieldNames().forEachRemaining(fields::add);
        fields.remove("trim_offsets");
        return fields.stream().allMatch(field -> sameStep(a.path(field), b.path(field)));
    }

    private static boolean sameSteps(JsonNode a, JsonNode b) {
        boolean same = a.size() == b.size();
        for (int i = 0; same && i < a.size(); i++) {
            same = sameStep(a.get(i), b.get(i));
        }
        return same;
    }

    private static String text(JsonNode node) {
        return node.isMissingNode() || node.isNull() || node.isBoolean() && !node.asBoolean() ? "" : node.toString();
    }
}
