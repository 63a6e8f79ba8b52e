package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The {@code tokenizer.json} that cuts texts as a GGUF file's vocabulary does. */
final class GgufTokenizer {
    private static final String SPACE = "\u2581";

    private static final Set<String> PHI3_PLAIN = Set.of("<unk>", "<s>", "<|endoftext|>");

    private final GgufMetadata metadata;
    private final List<String> tokens;
    private final int[] types;
    private final ObjectNode root = JsonNodeFactory.instance.objectNode();

    private GgufTokenizer(GgufMetadata metadata) {
        this.metadata = metadata;
        this.tokens = metadata.texts("tokenizer.ggml.tokens");
        this.types = new int[tokens.size()];
        java.util.Arrays.fill(types, GgufVocabulary.NORMAL);
        if (metadata.has("tokenizer.ggml.token_type")) {
            List<? extends Number> given = metadata.numbers("tokenizer.ggml.token_type");
            requireAll("tokenizer.ggml.token_type", given);
            for (int i = 0; i < types.length; i++) {
                types[i] = given.get(i).intValue();
            }
        }
    }

    private void requireAll(String key, List<?> list) {
        if (list.size() != tokens.size()) {
            throw metadata.bad("metadata " + key + " has " + list.size() + " entries for " + tokens.size() + " tokens");
        }
    }

    static ObjectNode of(GgufMetadata metadata) {
        return new GgufTokenizer(metadata).build();
    }

    private ObjectNode build() {
        root.put("version", "1.0");
        root.putNull("truncation").putNull("padding");
        addedTokens();
        String model = metadata.text("tokenizer.ggml.model");
        switch (model) {
            case "gpt2" -> byteLevel();
            case "llama" -> sentencePiece();
            case "bert" -> wordPiece();
            default -> throw metadata.bad("tokenizer.ggml.model is '" + model + "'; gpt2, llama and bert can be read");
        }
        return root;
    }

    /**
     * Control tokens are special; those that a vocabulary's maker defined are found in texts but shown as text. Phi-3's
     * SentencePiece vocabulary is the one whose added tokens take the white space behind them, which files do not say.
     */
    private void addedTokens() {
        ArrayNode added = root.putArray("added_tokens");
        boolean phi3 = metadata.text("general.architecture", "").equals("phi3")
                && metadata.text("tokenizer.ggml.model").equals("llama");
        for (int id = 0; id < types.length; id++) {
            boolean special = types[id] == GgufVocabulary.CONTROL || types[id] == GgufVocabulary.UNKNOWN;
            if (special || types[id] == GgufVocabulary.USER_DEFINED) {
                added.addObject()
                        .put("id", id)
                        .put("content", tokens.get(id))
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", phi3 && !PHI3_PLAIN.contains(tokens.get(id)))
                        .put("normalized", false)
                        .put("special", special);
            }
        }
    }

    private Map<String, Integer> words() {
        Map<String, Integer> words = new LinkedHashMap<>();
        for (int id = 0; id < types.length; id++) {
            if (types[id] != GgufVocabulary.UNUSED && words.put(tokens.get(id), id) != null) {
                throw metadata.bad("token '" + tokens.get(id) + "' is in the vocabulary twice");
            }
        }
        return words;
    }

    private ObjectNode model(String type, Map<String, Integer> words) {
        ObjectNode model = root.putObject("model").put("type", type);
        ObjectNode vocabulary = model.putObject("vocab");
        words.forEach(vocabulary::put);
        return model;
    }

    private void byteLevel() {
        String name = metadata.text("tokenizer.ggml.pre", "gpt-2");
        PreTokenizer pre = PreTokenizer.ofGguf(name)
                .orElseThrow(() ->
                        metadata.bad("tokenizer.ggml.pre is '" + name + "'; these are known: " + PreTokenizer.known()));
        root.set(
                "normalizer",
                pre == PreTokenizer.QWEN2
                        ? JsonNodeFactory.instance.objectNode().put("type", "NFC")
                        : null);
        root.set("pre_tokenizer", pre.toJson());
        root.set("decoder", TokenizerParts.byteLevel(true));
        ObjectNode model = model("BPE", words());
        model.put("fuse_unk", false).put("byte_fallback", false);
        model.put("ignore_merges", pre == PreTokenizer.LLAMA3 || pre == PreTokenizer.TEKKEN);
        ArrayNode merges = model.putArray("merges");
        for (String merge : metadata.texts("tokenizer.ggml.merges")) {
            if (merge.indexOf(' ', 1) < 0) {
                throw metadata.bad("merge '" + merge + "' in tokenizer.ggml.merges is not two tokens");
            }
            merges.add(merge);
        }
        boolean begins = pre == PreTokenizer.LLAMA3 || pre == PreTokenizer.TEKKEN;
        template(begins ? "bos" : null, null);
    }

    private void sentencePiece() {
        boolean prefix = metadata.flag("tokenizer.ggml.add_space_prefix", true);
        ArrayNode normal = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        if (prefix) {
            normal.addObject().put("type", "Prepend").put("prepend", SPACE);
        }
        replace(normal, " ", SPACE);
        root.putNull("pre_tokenizer");
        ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
        replace(decoders, SPACE, " ");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (prefix) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        ObjectNode model = model("BPE", words());
        boolean bytes = false;
        for (int id = 0; id < types.length; id++) {
            bytes |= types[id] == GgufVocabulary.BYTE;
            if (types[id] == GgufVocabulary.UNKNOWN) {
                model.put("unk_token", tokens.get(id));
            }
        }
        model.put("fuse_unk", true).put("byte_fallback", bytes).put("ignore_merges", false);
        ArrayNode merges = model.putArray("merges");
        merges().forEach(merges::add);
        template("bos", null);
    }

    private static void replace(ArrayNode steps, String from, String to) {
        steps.addObject()
                .put("type", "Replace")
                .put("content", to)
                .putObject("pattern")
                .put("String", from);
    }

    private record Merge(String left, String right, float score) {}

    /** Every way to put a piece together from two others; higher scores first, and of one piece longer beginnings. */
    private List<String> merges() {
        List<? extends Number> scores = metadata.numbers("tokenizer.ggml.scores");
        requireAll("tokenizer.ggml.scores", scores);
        Map<String, Float> pieces = new HashMap<>();
        for (int id = 0; id < types.length; id++) {
            if (types[id] == GgufVocabulary.NORMAL) {
                pieces.put(tokens.get(id), scores.get(id).floatValue());
            }
        }
        List<Merge> merges = new ArrayList<>();
        pieces.forEach((piece, score) -> {
            for (int cut = piece.offsetByCodePoints(0, piece.isEmpty() ? 0 : 1);
                    cut < piece.length();
                    cut = piece.offsetByCodePoints(cut, 1)) {
                String left = piece.substring(0, cut);
                String right = piece.substring(cut);
                if (pieces.containsKey(left) && pieces.containsKey(right)) {
                    merges.add(new Merge(left, right, score));
                }
            }
        });
        merges.sort(Comparator.comparingDouble((Merge m) -> -m.score)
                .thenComparingInt(m -> -m.left.codePointCount(0, m.left.length()))
                .thenComparingInt(m -> -m.right.codePointCount(0, m.right.length()))
                .thenComparing(Merge::left)
                .thenComparing(Merge::right));
        return merges.stream().map(m -> m.left + " " + m.right).toList();
    }

    /** llama.cpp marks the words that begin one with a space sign, Hugging Face those that do not with ##. */
    private void wordPiece() {
        Map<String, Integer> words = new LinkedHashMap<>();
        boolean cased = false;
        for (int id = 0; id < types.length; id++) {
            String token = tokens.get(id);
            boolean bracketed = token.startsWith("[") && token.endsWith("]");
            String word = token.startsWith(SPACE) ? token.substring(1) : bracketed ? token : "##" + token;
            if (types[id] != GgufVocabulary.UNUSED && words.put(word, id) != null) {
                throw metadata.bad("token '" + word + "' is in the vocabulary twice");
            }
            cased |= !bracketed && token.chars().anyMatch(Character::isUpperCase);
        }
        ObjectNode normalizer = root.putObject("normalizer")
                .put("type", "BertNormalizer")
                .put("clean_text", true)
                .put("handle_chinese_chars", true)
                .put("lowercase", !cased);
        normalizer.putNull("strip_accents");
        root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
        model("WordPiece", words)
                .put("unk_token", token("unknown", "[UNK]"))
                .put("continuing_subword_prefix", "##")
                .put("max_input_chars_per_word", 100);
        template("cls", "seperator");
    }

    /** The text of the token with a role, if the file names one. */
    private String token(String role, String otherwise) {
        String key = "tokenizer.ggml." + role + "_token_id";
        if (!metadata.has(key)) {
            return otherwise;
        }
        int id = metadata.count(key);
        if (id >= tokens.size()) {
            throw metadata.bad("metadata " + key + " is " + id + "; the vocabulary has " + tokens.size() + " tokens");
        }
        return tokens.get(id);
    }

    String text(String role) {
        return token(role, "");
    }

    static ModelSource.SpecialTokens specialTokens(GgufMetadata metadata) {
        GgufTokenizer tokenizer = new GgufTokenizer(metadata);
        return new ModelSource.SpecialTokens(tokenizer.text("bos"), tokenizer.text("eos"));
    }

    /** What is put around a text that is encoded with special tokens, where the file does not say otherwise. */
    private void template(String first, String last) {
        boolean bert = "cls".equals(first);
        String begin = metadata.flag("tokenizer.ggml.add_bos_token", first != null) ? text(bert ? "cls" : "bos") : "";
        boolean ends = bert || metadata.flag("tokenizer.ggml.add_eos_token", last != null);
        String end = !ends ? "" : text(bert ? "seperator" : "eos");
        ObjectNode processor = root.putObject("post_processor").put("type", "TemplateProcessing");
        ObjectNode special = JsonNodeFactory.instance.objectNode();
        ArrayNode single = processor.putArray("single");
        ArrayNode pair = processor.putArray("pair");
        for (ArrayNode steps : List.of(single, pair)) {
            special(steps, begin, special);
            steps.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
            special(steps, end, special);
        }
        pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
        special(pair, end, special);
        processor.set("special_tokens", special);
    }

    private void special(ArrayNode steps, String token, ObjectNode special) {
        if (!token.isEmpty()) {
            steps.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
            ObjectNode entry = special.putObject(token).put("id", token);
            entry.putArray("ids").add(tokens.indexOf(token));
            entry.putArray("tokens").add(token);
        }
    }
}
