package org.medley.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.text.ChatTemplate.Message;

/** What a record says, checked in all that can be seen without a tokenizer. */
sealed interface Content {
    /** Label of a token that is not learned. */
    int IGNORED = -100;

    /** The texts in it that a tokenizer may be trained on. */
    List<String> texts();

    record Text(String text) implements Content {
        @Override
        public List<String> texts() {
            return List.of(text);
        }
    }

    /** @param learned for each turn, whether it is */
    record Chat(List<Message> turns, boolean[] learned) implements Content {
        @Override
        public List<String> texts() {
            return turns.stream().map(Message::content).toList();
        }
    }

    /** @param labels as long as the tokens: a token is learned if it is its own label */
    record Tokens(int[] tokens, int[] labels) implements Content {
        @Override
        public List<String> texts() {
            return List.of();
        }
    }

    record Pair(List<Message> prompt, String chosen, String rejected) implements Content {
        @Override
        public List<String> texts() {
            List<String> texts = new ArrayList<>();
            prompt.forEach(turn -> texts.add(turn.content()));
            texts.add(chosen);
            texts.add(rejected);
            return texts;
        }
    }

    record Prompt(List<Message> turns) implements Content {
        @Override
        public List<String> texts() {
            return turns.stream().map(Message::content).toList();
        }
    }

    /** @throws org.medley.training.recipe.BadRecipeException if the record does not have the format */
    static Content of(JsonNode record, Format format, Place place) {
        if (!record.isObject()) {
            throw place.refuse("is " + Json.kind(record) + " and not a JSON object");
        }
        return switch (format) {
            case text -> new Text(text(record, "text", place));
            case chat -> chat(record, place);
            case tokens -> tokens(record, place);
            case pairs ->
                new Pair(
                        asked(record, place, "a pair's answers follow"),
                        text(record, "chosen", place),
                        text(record, "rejected", place));
            case prompts -> new Prompt(asked(record, place, "the model's answer follows"));
        };
    }

    private static String text(JsonNode record, String field, Place place) {
        JsonNode value = record.path(field);
        if (!value.isTextual()) {
            throw place.refuse("needs a string \"" + field + "\" that is not empty; it is " + Json.kind(value));
        }
        String text = whole(value.asText(), "\"" + field + "\"", place);
        if (text.isBlank()) {
            throw place.refuse("needs a string \"" + field + "\" that is not empty");
        }
        return text;
    }

    /** JSON can write half a character, of which no tokenizer makes anything right. */
    private static String whole(String text, String what, Place place) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (!pair) {
                throw place.refuse(what + " holds half of a surrogate pair, "
                        + String.format("\\u%04x", (int) c) + ", at character " + (i + 1)
                        + "; write the whole character");
            }
            i++;
        }
        return text;
    }

    private static Chat chat(JsonNode record, Place place) {
        List<Message> turns = turns(record, place);
        JsonNode messages = record.get("messages");
        boolean[] learned = new boolean[turns.size()];
        boolean answered = false;
        boolean any = false;
        for (int i = 0; i < learned.length; i++) {
            boolean assistant = turns.get(i).role().equals("assistant");
            JsonNode flag = messages.get(i).path("learned");
            if (!flag.isMissingNode() && !flag.isNull() && (!flag.isBoolean() || flag.asBoolean() && !assistant)) {
                throw place.refuse(
                        "\"messages\"[" + i
                                + "] has a \"learned\" that is not possible; true and false are possible, and true for the assistant's turns only");
            }
            learned[i] = assistant && (!flag.isBoolean() || flag.asBoolean());
            answered |= assistant;
            any |= learned[i];
        }
        if (!answered) {
            throw place.refuse("\"messages\" holds nothing that the assistant says, so nothing to learn");
        }
        if (!any) {
            throw place.refuse("every turn of the assistant has \"learned\": false, so there is nothing to learn");
        }
        return new Chat(turns, learned);
    }

    /** Turns of which the last is the user's. */
    private static List<Message> asked(JsonNode record, Place place, String why) {
        List<Message> turns = turns(record, place);
        if (!turns.getLast().role().equals("user")) {
            throw place.refuse("\"messages\" must end with the user's turn, which " + why + "; it ends with the "
                    + turns.getLast().role() + "'s");
        }
        return turns;
    }

    private static List<Message> turns(JsonNode record, Place place) {
        JsonNode messages = record.path("messages");
        if (!messages.isArray() || messages.isEmpty()) {
            throw place.refuse("needs an array \"messages\" of turns; it is "
                    + (messages.isArray() ? "empty" : Json.kind(messages)));
        }
        List<Message> turns = new ArrayList<>();
        // What a record says may be a patient's: refusals name its keys and none of its values.
        for (JsonNode message : messages) {
            String at = "\"messages\"[" + turns.size() + "]";
            String role = message.path("role").asText("");
            if (!message.isObject()) {
                throw place.refuse(
                        at + " is " + Json.kind(message) + "; an object with \"role\" and \"content\" is needed");
            }
            if (!role.matches("system|user|assistant")) {
                throw place.refuse(at + " has no \"role\" that is possible; system, user and assistant are");
            }
            if (!message.path("content").isTextual()) {
                throw place.refuse(at + " needs a string \"content\"; it is " + Json.kind(message.path("content")));
            }
            turns.add(new Message(role, whole(message.get("content").asText(), at, place)));
        }
        if (turns.getFirst().role().equals("assistant")) {
            throw place.refuse("begins with the assistant's turn; what it answers must come first");
        }
        return turns;
    }

    private static Tokens tokens(JsonNode record, Place place) {
        int[] tokens = integers(record, "tokens", place);
        int[] labels =
                record.path("labels").isMissingNode() || record.get("labels").isNull()
                        ? tokens.clone()
                        : integers(record, "labels", place);
        if (tokens.length < 2) {
            throw place.refuse("\"tokens\" holds " + tokens.length
                    + "; at least two are needed for one to be predicted from the other");
        }
        if (labels.length != tokens.length) {
            throw place.refuse("\"labels\" holds " + labels.length + " and \"tokens\" " + tokens.length
                    + "; each token needs one label");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] != IGNORED && labels[i] != tokens[i]) {
                throw place.refuse("\"labels\"[" + i + "] is neither " + IGNORED + " nor the token at its place");
            }
        }
        return new Tokens(tokens, labels);
    }

    private static int[] integers(JsonNode record, String field, Place place) {
        JsonNode values = record.path(field);
        if (!values.isArray()) {
            throw place.refuse("needs an array \"" + field + "\" of token ids; it is " + Json.kind(values));
        }
        int[] integers = new int[values.size()];
        for (int i = 0; i < integers.length; i++) {
            JsonNode value = values.get(i);
            if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw place.refuse("\"" + field + "\"[" + i + "] is " + Json.kind(value)
                        + " and no token id, which is a whole number");
            }
            integers[i] = value.intValue();
        }
        return integers;
    }
}
