package org.medley.training.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.Tokenizer;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.TrainRecipe;

/**
 * A JSONL file read whole, checked line by line: one broken line refuses the file by name and line number.
 *
 * @param name what recipes and lineage call it
 * @param sha256 of the file's bytes
 * @param lines the parsed objects
 */
public record Dataset(String name, String sha256, TrainRecipe.Format format, List<JsonNode> lines) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** One training example: which tokens are learned is marked per token. */
    public record Example(int[] tokens, boolean[] learned) {}

    public static Dataset read(String name, Path file, TrainRecipe.Format format) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new BadRecipeException(file + ": dataset cannot be read: " + e.getMessage(), e);
        }
        List<JsonNode> lines = new ArrayList<>();
        int number = 0;
        int from = 0;
        while (from < bytes.length) {
            number++;
            int to = from;
            while (to < bytes.length && bytes[to] != '\n') {
                to++;
            }
            if (to > from) {
                lines.add(check(file, number, format, parse(file, number, bytes, from, to)));
            }
            from = to + 1;
        }
        if (lines.isEmpty()) {
            throw new BadRecipeException(file + ": dataset is empty; it needs at least one line");
        }
        return new Dataset(name, sha256(bytes), format, List.copyOf(lines));
    }

    private static JsonNode parse(Path file, int number, byte[] bytes, int from, int to) {
        try {
            String line = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, to - from))
                    .toString();
            return JSON.readTree(line);
        } catch (CharacterCodingException e) {
            throw new BadRecipeException(file + ":" + number + ": is not UTF-8 text", e);
        } catch (JacksonException e) {
            boolean last = to == bytes.length;
            throw new BadRecipeException(
                    file + ":" + number + ": is not one JSON object" + (last ? " (the file seems cut)" : "") + ": "
                            + e.getOriginalMessage(),
                    e);
        }
    }

    private static JsonNode check(Path file, int number, TrainRecipe.Format format, JsonNode line) {
        String at = file + ":" + number + ": ";
        if (format == TrainRecipe.Format.text) {
            if (!line.path("text").isTextual() || line.get("text").asText().isEmpty()) {
                throw new BadRecipeException(at + "needs a string \"text\" that is not empty");
            }
            return line;
        }
        JsonNode messages = line.path("messages");
        boolean answered = false;
        for (JsonNode message : messages) {
            String role = message.path("role").asText("");
            if (!role.matches("system|user|assistant")
                    || !message.path("content").isTextual()) {
                throw new BadRecipeException(
                        at + "each of \"messages\" needs a role system, user or assistant and a string \"content\"");
            }
            answered |= role.equals("assistant");
        }
        if (!answered) {
            throw new BadRecipeException(
                    at + "\"messages\" holds nothing that the assistant says, so nothing to learn");
        }
        return line;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    /**
     * The examples as tokens. Text becomes pieces of at most {@code longest} tokens, each document ended by {@code end};
     * a chat is rendered by the template and only the assistant's turns, their end included, are learned.
     */
    public List<Example> examples(Tokenizer tokenizer, ChatTemplate template, int end, int longest) {
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (format == TrainRecipe.Format.text) {
                text(tokenizer, lines.get(i).get("text").asText(), end, longest, examples);
            } else {
                Example example = chat(tokenizer, template, lines.get(i).get("messages"));
                if (example.tokens.length > longest) {
                    throw new BadRecipeException("dataset " + name + ": example " + (i + 1) + " is "
                            + example.tokens.length + " tokens long; the recipe's sequence allows " + longest);
                }
                examples.add(example);
            }
        }
        return examples;
    }

    private static void text(Tokenizer tokenizer, String text, int end, int longest, List<Example> examples) {
        int[] body = tokenizer.encode(text);
        int[] tokens = Arrays.copyOf(body, body.length + 1);
        tokens[body.length] = end;
        for (int from = 0; from < tokens.length - 1; from += longest) {
            int[] piece = Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + longest));
            boolean[] learned = new boolean[piece.length];
            Arrays.fill(learned, true);
            examples.add(new Example(piece, learned));
        }
    }

    private static Example chat(Tokenizer tokenizer, ChatTemplate template, JsonNode messages) {
        List<ChatTemplate.Message> turns = new ArrayList<>();
        int[] tokens = new int[0];
        boolean[] learned = new boolean[0];
        for (JsonNode message : messages) {
            boolean assistant = message.get("role").asText().equals("assistant");
            if (assistant) {
                // The opening of the assistant's turn is given to it when it serves, so it is not learned.
                int[] prompt = tokenizer.encode(template.render(turns, true));
                learned = extend(learned, prompt.length, false);
                tokens = prompt;
            }
            turns.add(new ChatTemplate.Message(
                    message.get("role").asText(), message.get("content").asText()));
            int[] all = tokenizer.encode(template.render(turns, false));
            learned = extend(learned, all.length, assistant);
            tokens = all;
        }
        return new Example(tokens, learned);
    }

    private static boolean[] extend(boolean[] marks, int length, boolean value) {
        boolean[] longer = Arrays.copyOf(marks, length);
        if (length > marks.length) {
            Arrays.fill(longer, marks.length, length, value);
        }
        return longer;
    }
}
