package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code tokenizer.ggml} metadata for a {@code tokenizer.json}. Where that cannot say all that the tokenizer does,
 * {@link #WHOLE} carries the file itself too, which readers that know it prefer.
 */
final class GgufVocabulary {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    /** The key under which a GGUF file may hold a tokenizer.json whole. */
    static final String WHOLE = "tokenizer.huggingface.json";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST = 1 << 22;

    private final Path model;
    private final JsonNode tokenizer;
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private String[] tokens;
    private int[] types;

    private GgufVocabulary(Path model, JsonNode tokenizer) {
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /**
     * @param atLeast tokens that the embedding table has rows for; unused ones fill up to it
     * @throws BadModelException if the tokenizer is of a kind that GGUF has not
     */
    static Map<String, Object> of(ModelSource source, GgufFamily family, int atLeast) {
        try {
            byte[] json = source.tokenizerJson();
            GgufVocabulary vocabulary = new GgufVocabulary(source.path(), JSON.readTree(json));
            vocabulary.build(atLeast);
            vocabulary.roles(source);
            if (!vocabulary.isWhole(family)) {
                vocabulary.metadata.put(WHOLE, new String(json, StandardCharsets.UTF_8));
            }
            return vocabulary.metadata;
        } catch (IOException e) {
            throw new BadModelException(source.path(), "tokenizer.json is not valid JSON: " + e.getMessage(), e);
        }
    }

    private void build(int atLeast) {
        JsonNode part = tokenizer.path("model");
        JsonNode words = part.path("vocab");
        if (!words.isObject()) {
            throw new BadModelException(
                    model,
                    "tokenizer.json has a model of type " + part.path("type") + "; BPE and WordPiece can be written");
        }
        int size = atLeast;
        for (var word : words.properties()) {
            size = Math.max(size, id(word.getValue()) + 1);
        }
        for (JsonNode token : tokenizer.path("added_tokens")) {
            size = Math.max(size, id(token.path("id")) + 1);
        }
        tokens = new String[size];
        types = new int[size];
        Arrays.fill(types, UNUSED);
        for (int i = 0; i < size; i++) {
            tokens[i] = "[PAD" + i + "]";
        }
        for (var word : words.properties()) {
            int id = word.getValue().asInt();
            tokens[id] = word.getKey();
            types[id] = NORMAL;
        }
        boolean wordPiece = part.path("type").asText().equals("WordPiece");
        if (wordPiece) {
            wordPiece();
        }
        for (JsonNode token : tokenizer.path("added_tokens")) {
            int id = token.path("id").asInt();
            tokens[id] = token.path("content").asText();
            types[id] = token.path("special").asBoolean() ? CONTROL : USER_DEFINED;
        }
        metadata.put("tokenizer.ggml.model", wordPiece ? "bert" : isByteLevel() ? "gpt2" : "llama");
        metadata.put("tokenizer.ggml.tokens", List.of(tokens));
        if (!wordPiece && isByteLevel()) {
            Optional<PreTokenizer> pre = PreTokenizer.ofJson(tokenizer.path("pre_tokenizer"));
            metadata.put("tokenizer.ggml.pre", pre.map(PreTokenizer::gguf).orElse("default"));
            metadata.put("tokenizer.ggml.merges", TokenizerParts.merges(part));
        } else if (!wordPiece) {
            sentencePiece(part);
        }
        metadata.put("tokenizer.ggml.token_type", types);
    }

    private int id(JsonNode node) {
        if (!node.canConvertToInt() || node.asInt(-1) < 0 || node.asInt() > MOST) {
            throw new BadModelException(
                    model, "tokenizer.json has the token id " + node + "; 0 to " + MOST + " is possible");
        }
        return node.asInt();
    }

    private boolean isByteLevel() {
        return tokenizer.path("decoder").toString().contains("\"ByteLevel\"");
    }

    private void wordPiece() {
        for (int i = 0; i < tokens.length; i++) {
            boolean bracketed = tokens[i].startsWith("[") && tokens[i].endsWith("]");
            if (tokens[i].startsWith("##")) {
                tokens[i] = tokens[i].substring(2);
            } else if (!bracketed) {
                tokens[i] = "\u2581" + tokens[i];
            }
        }
    }

    /** A piece's score is the negative rank of the first merge that makes it: llama.cpp merges by score. */
    private void sentencePiece(JsonNode part) {
        List<String> merges = TokenizerParts.merges(part);
        Map<String, Integer> ranks = new HashMap<>();
        for (int rank = 0; rank < merges.size(); rank++) {
            ranks.putIfAbsent(merges.get(rank).replace(" ", ""), rank);
        }
        String unknown = part.path("unk_token").asText();
        float[] scores = new float[tokens.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = -ranks.getOrDefault(tokens[i], merges.size());
            if (tokens[i].matches("<0x[0-9A-F]{2}>")) {
                types[i] = BYTE;
            } else if (types[i] != UNUSED && tokens[i].equals(unknown)) {
                types[i] = UNKNOWN;
            }
        }
        metadata.put("tokenizer.ggml.pre", "default");
        metadata.put("tokenizer.ggml.scores", scores);
        boolean prefix = tokenizer.path("normalizer").toString().contains("\"Prepend\"")
                || tokenizer.path("pre_tokenizer").toString().contains("\"Metaspace\"");
        metadata.put("tokenizer.ggml.add_space_prefix", prefix);
    }

    private void roles(ModelSource source) {
        JsonNode config = source.config();
        JsonNode around = tokenizer.path("post_processor");
        JsonNode template = around.findPath("single");
        String begin = template.path(0).path("SpecialToken").path("id").asText();
        String named = source.specialTokens().bos();
        role("bos", config.path("bos_token_id"), named.isEmpty() ? begin : named);
        JsonNode ends = config.path("eos_token_id");
        role("eos", ends.isArray() ? ends.path(0) : ends, source.specialTokens().eos());
        if (ends.size() > 1) {
            role("eot", ends.path(1), "");
        }
        if (metadata.get("tokenizer.ggml.model").equals("bert")) {
            role("cls", null, "[CLS]");
            role("seperator", null, "[SEP]");
            role("unknown", null, "[UNK]");
            role("padding", null, "[PAD]");
            role("mask", null, "[MASK]");
        }
        boolean both = around.path("type").asText().matches("BertProcessing|RobertaProcessing");
        metadata.put("tokenizer.ggml.add_bos_token", source.addsBos().orElse(both || !begin.isEmpty()));
        metadata.put(
                "tokenizer.ggml.add_eos_token",
                both || template.path(template.size() - 1).has("SpecialToken"));
    }

    private void role(String role, JsonNode id, String text) {
        int found =
                id != null && id.isInt() ? id.asInt() : Arrays.asList(tokens).indexOf(text);
        if (found >= 0 && found < tokens.length) {
            metadata.put("tokenizer.ggml." + role + "_token_id", found);
        }
    }

    /** Whether a reader of the metadata gets this tokenizer back. */
    private boolean isWhole(GgufFamily family) {
        try {
            Map<String, Object> all = asRead();
            all.put("general.architecture", family.gguf);
            JsonNode read = GgufTokenizer.of(new GgufMetadata(model, all));
            return TokenizerParts.same(read, tokenizer);
        } catch (BadModelException e) {
            return false;
        }
    }

    private Map<String, Object> asRead() {
        Map<String, Object> read = new HashMap<>(metadata);
        read.replaceAll((key, value) -> switch (value) {
            case Integer i -> (long) i;
            case int[] ints -> Arrays.stream(ints).asLongStream().boxed().toList();
            case float[] floats -> {
                Double[] boxed = new Double[floats.length];
                Arrays.setAll(boxed, i -> (double) floats[i]);
                yield List.of(boxed);
            }
            default -> value;
        });
        return read;
    }
}
