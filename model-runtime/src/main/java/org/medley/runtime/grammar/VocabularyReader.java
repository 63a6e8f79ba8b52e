package org.medley.runtime.grammar;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.medley.runtime.weights.BadModelException;

/**
 * Reads the vocabulary of a Hugging Face {@code tokenizer.json}: which bytes each token decodes to, by the file's
 * {@code decoder}. Two kinds are known: {@code ByteLevel}, where a character stands for a byte as GPT-2 has it, and
 * SentencePiece's, where ▁ stands for a space and {@code <0xNN>} for a byte.
 */
final class VocabularyReader {
    private static final long MOST_BYTES = 256L << 20;
    private static final char SPACE = '▁';
    private static final JsonMapper JSON = JsonMapper.builder().build();

    static {
        JSON.getFactory()
                .setStreamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(100)
                        .maxStringLength(1 << 20)
                        .build());
    }

    private final Path file;
    private final byte[] json;
    private String[] contents = new String[1 << 16];
    private boolean[] special = new boolean[1 << 16];
    private int size;
    private JsonNode decoder;

    /** @param file what to name in messages */
    VocabularyReader(Path file, byte[] json) {
        this.file = file;
        this.json = json;
    }

    TokenBytes tokens() {
        JsonNode added = null;
        try {
            if (json.length > MOST_BYTES) {
                throw new BadModelException(file, "is larger than " + (MOST_BYTES >> 20) + " MiB");
            }
            try (JsonParser parser = JSON.getFactory().createParser(json)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new BadModelException(file, "is not a JSON object");
                }
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    switch (name) {
                        case "added_tokens" -> added = JSON.readTree(parser);
                        case "decoder" -> decoder = JSON.readTree(parser);
                        case "model" -> model(parser);
                        default -> parser.skipChildren();
                    }
                }
            }
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read as a tokenizer: " + e.getMessage(), e);
        }
        if (size == 0) {
            throw new BadModelException(file, "has no tokens under model.vocab");
        }
        if (added != null) {
            added(added);
        }
        Decoding decoding = decoding();
        byte[][] bytes = new byte[size][];
        for (int i = 0; i < size; i++) {
            bytes[i] = contents[i] == null ? new byte[0] : decoding.token.apply(contents[i]);
        }
        return TokenBytes.of(bytes, Arrays.copyOf(special, size), decoding.dropsFirstSpace);
    }

    /** Skips the merges, which can be most of the file. */
    private void model(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new BadModelException(file, "model is not an object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("type") && !List.of("BPE", "Unigram").contains(parser.getText())) {
                throw new BadModelException(
                        file, "model.type is " + parser.getText() + "; BPE and Unigram vocabularies are supported");
            } else if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String content = parser.currentName();
                    parser.nextToken();
                    put(parser.getIntValue(), content);
                }
            } else if (name.equals("vocab") && value == JsonToken.START_ARRAY) {
                for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
                    if (parser.nextToken() != JsonToken.VALUE_STRING) {
                        throw new BadModelException(file, "model.vocab[" + id + "] does not begin with the piece");
                    }
                    put(id, parser.getText());
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        parser.skipChildren();
                    }
                }
            } else {
                parser.skipChildren();
            }
        }
    }

    private void added(JsonNode tokens) {
        for (JsonNode token : tokens) {
            JsonNode id = token.path("id");
            JsonNode content = token.path("content");
            if (!id.canConvertToInt() || !content.isTextual()) {
                throw new BadModelException(file, "added_tokens has an entry without id and content: " + token);
            }
            put(id.intValue(), content.textValue());
            special[id.intValue()] = token.path("special").asBoolean(false);
        }
    }

    private void put(int id, String content) {
        if (id < 0 || id >= TokenBytes.MOST_TOKENS) {
            throw new BadModelException(file, "token id " + id + " is not from 0 to " + (TokenBytes.MOST_TOKENS - 1));
        }
        if (id >= contents.length) {
            int length = Math.max(id + 1, 2 * contents.length);
            contents = Arrays.copyOf(contents, length);
            special = Arrays.copyOf(special, length);
        }
        contents[id] = content;
        size = Math.max(size, id + 1);
    }

    private record Decoding(Function<String, byte[]> token, boolean dropsFirstSpace) {}

    private Decoding decoding() {
        List<JsonNode> steps = new ArrayList<>();
        if (decoder != null && decoder.path("type").asText().equals("Sequence")) {
            decoder.path("decoders").forEach(steps::add);
        } else if (decoder != null && decoder.isObject()) {
            steps.add(decoder);
        }
        boolean byteLevel = false;
        boolean spaces = false;
        boolean drops = false;
        for (JsonNode step : steps) {
            switch (step.path("type").asText()) {
                case "ByteLevel" -> byteLevel = true;
                case "ByteFallback", "Fuse" -> {}
                case "Replace" -> {
                    if (!step.path("pattern").path("String").asText().equals(String.valueOf(SPACE))
                            || !step.path("content").asText().equals(" ")) {
                        throw unknown(step);
                    }
                    spaces = true;
                }
                case "Metaspace" -> {
                    if (!step.path("replacement").asText(String.valueOf(SPACE)).equals(String.valueOf(SPACE))) {
                        throw unknown(step);
                    }
                    spaces = true;
                    drops |= step.has("prepend_scheme")
                            ? !step.path("prepend_scheme").asText().equals("never")
                            : step.path("add_prefix_space").asBoolean(true);
                }
                case "Strip" -> {
                    if (!step.path("content").asText().equals(" ")
                            || step.path("start").asInt() > 1
                            || step.path("stop").asInt() != 0) {
                        throw unknown(step);
                    }
                    drops |= step.path("start").asInt() == 1;
                }
                default -> throw unknown(step);
            }
        }
        if (byteLevel == spaces) {
            throw new BadModelException(
                    file,
                    "decoder is neither byte-level nor SentencePiece's: it has to be ByteLevel or to turn ▁ into spaces");
        }
        return byteLevel ? new Decoding(ByteLevel::bytes, false) : new Decoding(VocabularyReader::piece, drops);
    }

    private BadModelException unknown(JsonNode step) {
        return new BadModelException(
                file, "decoder " + step + " is not known; byte-level and SentencePiece vocabularies are supported");
    }

    private static byte[] piece(String content) {
        if (content.length() == 6 && content.startsWith("<0x") && content.endsWith(">")) {
            int high = Character.digit(content.charAt(3), 16);
            int low = Character.digit(content.charAt(4), 16);
            if (high >= 0 && low >= 0) {
                return new byte[] {(byte) (high << 4 | low)};
            }
        }
        return content.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** GPT-2's alphabet: printable characters of Latin-1 stand for themselves, all other bytes for U+0100 and on. */
    private static final class ByteLevel {
        private static final int[] BYTE_OF = new int[0x144];

        static {
            Arrays.fill(BYTE_OF, -1);
            int next = 0x100;
            for (int b = 0; b < 256; b++) {
                boolean itself = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
                BYTE_OF[itself ? b : next++] = b;
            }
        }

        /** A content with characters beyond the alphabet, as added tokens may have, stands for itself as a whole. */
        static byte[] bytes(String content) {
            byte[] bytes = new byte[content.length()];
            for (int i = 0; i < bytes.length; i++) {
                char c = content.charAt(i);
                if (c >= BYTE_OF.length || BYTE_OF[c] < 0) {
                    return content.getBytes(StandardCharsets.UTF_8);
                }
                bytes[i] = (byte) BYTE_OF[c];
            }
            return bytes;
        }
    }
}
