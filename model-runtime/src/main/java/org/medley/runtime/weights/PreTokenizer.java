package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How byte-level tokenizers cut text into words before merging: llama.cpp has a name for each known way
 * ({@code tokenizer.ggml.pre}), tokenizer.json the regular expression itself.
 */
enum PreTokenizer {
    GPT2(Rule.BYTE_LEVEL, "", "gpt-2", "phi-2", "mpt", "olmo", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de"),
    DIGITS(Rule.DIGITS, "", "smollm", "starcoder", "refact", "command-r", "codeshell"),
    LLAMA3(
            Rule.REGEX,
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "dbrx",
            "smaug-bpe",
            "glm4",
            "chatglm-bpe"),
    QWEN2(
            Rule.REGEX,
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "qwen2",
            "deepseek-r1-qwen",
            "stablelm2",
            "hunyuan"),
    TEKKEN(
            Rule.REGEX,
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                    + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "tekken"),
    GPT4O(
            Rule.REGEX,
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                    + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                    + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                    + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "gpt-4o");

    private enum Rule {
        BYTE_LEVEL,
        DIGITS,
        REGEX
    }

    private final Rule rule;
    private final String regex;
    /** llama.cpp's names, the one to write first. */
    private final List<String> names;

    PreTokenizer(Rule rule, String regex, String... names) {
        this.rule = rule;
        this.regex = regex;
        this.names = List.of(names);
    }

    String gguf() {
        return names.getFirst();
    }

    static Optional<PreTokenizer> ofGguf(String name) {
        return Arrays.stream(values()).filter(pre -> pre.names.contains(name)).findFirst();
    }

    static String known() {
        return Arrays.stream(values()).flatMap(pre -> pre.names.stream()).collect(Collectors.joining(", "));
    }

    /** The one that a tokenizer.json's {@code pre_tokenizer} describes, if it is known. */
    static Optional<PreTokenizer> ofJson(JsonNode node) {
        return Arrays.stream(values())
                .filter(pre -> TokenizerParts.sameStep(pre.toJson(), node))
                .findFirst();
    }

    ObjectNode toJson() {
        if (rule == Rule.BYTE_LEVEL) {
            return TokenizerParts.byteLevel(true);
        }
        ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
        ArrayNode steps = sequence.putArray("pretokenizers");
        if (rule == Rule.DIGITS) {
            steps.addObject().put("type", "Digits").put("individual_digits", true);
        } else {
            steps.addObject()
                    .put("type", "Split")
                    .put("behavior", "Isolated")
                    .put("invert", false)
                    .putObject("pattern")
                    .put("Regex", regex);
        }
        steps.add(TokenizerParts.byteLevel(rule == Rule.DIGITS));
        return sequence;
    }
}
