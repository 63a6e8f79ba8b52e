package org.medley.runtime.api;

import java.util.Locale;
import java.util.function.Supplier;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.EngineBusyException;
import org.medley.runtime.weights.BadModelException;

/** What embedding and ranking read from a request alike, and how they refuse. */
final class EncoderFields {
    private EncoderFields() {}

    /** The encoder that a request names. */
    static Embedder named(ModelHost host, Fields in) {
        String model = in.requiredText("model");
        return refusing("model", () -> host.embedder(model).orElseThrow(() -> ApiException.noModel(model)));
    }

    static void requireVectors(Embedder embedder) {
        if (embedder.cannotEmbed() != null) {
            throw ApiException.invalid("model", embedder.id() + " " + embedder.cannotEmbed());
        }
    }

    /** {@code truncate_prompt_tokens}: most tokens of a text, -1 for as many as the model reads; longer is refused if absent. */
    static int cut(Fields in) {
        int given = in.integer("truncate_prompt_tokens", 0, -1, Integer.MAX_VALUE);
        if (given == 0 && in.has("truncate_prompt_tokens")) {
            throw ApiException.invalid(
                    "truncate_prompt_tokens", "truncate_prompt_tokens is 0; -1 or at least 1 is possible");
        }
        return given < 0 ? Integer.MAX_VALUE : given;
    }

    /** {@code input_type}, with the names that Cohere's and Voyage's clients send. */
    static Embedder.Side side(Fields in) {
        String type = in.text("input_type");
        if (type == null) {
            return Embedder.Side.PLAIN;
        }
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "query", "search_query" -> Embedder.Side.QUERY;
            case "document", "passage", "search_document" -> Embedder.Side.DOCUMENT;
            default ->
                throw ApiException.invalid(
                        "input_type", "input_type is '" + type + "'; query and document are possible");
        };
    }

    static <T> T refusing(String param, Supplier<T> work) {
        try {
            return work.get();
        } catch (BadModelException e) {
            throw ApiException.broken(e.getMessage());
        } catch (EngineBusyException e) {
            throw ApiException.busy(e.getMessage());
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(param, e.getMessage());
        }
    }
}
