package org.medley.training.reward;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.medley.runtime.grammar.Grammar;
import org.medley.runtime.grammar.GrammarState;
import org.medley.runtime.grammar.Syntax;
import org.medley.runtime.grammar.TokenBytes;
import org.medley.runtime.grammar.Vocabulary;

/**
 * 1 if the answer is JSON of a schema, else 0. Keys: {@code schema} for all prompts, or {@code field} of the record that
 * holds each prompt's (schema).
 */
final class SchemaValidity implements RewardKind {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BYTES = 256;

    @Override
    public String name() {
        return "schema";
    }

    @Override
    public String about() {
        return "the answer is JSON of a schema";
    }

    @Override
    public Set<String> keys() {
        return Set.of("schema", "field");
    }

    @Override
    public void check(RewardSettings settings) {
        make(settings, name -> null);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        Vocabulary bytes = bytes();
        Map<String, Grammar> known = new HashMap<>();
        String field = settings.text("field", "schema");
        Object given = settings.get("schema");
        if (given != null) {
            Grammar.compile(new Syntax.JsonSchema(written(given)), bytes);
        }
        return (PerAnswer) answer -> {
            JsonNode own = answer.prompt().path(field);
            if (given == null && own.isMissingNode()) {
                throw new IllegalArgumentException("a prompt has no \"" + field
                        + "\"; give each record its schema, or the reward one for all by 'schema'");
            }
            String schema = given != null ? written(given) : own.isTextual() ? own.asText() : own.toString();
            Grammar grammar = known.computeIfAbsent(schema, s -> Grammar.compile(new Syntax.JsonSchema(s), bytes));
            return holds(grammar, answer.text().strip()) ? 1 : 0;
        };
    }

    private static String written(Object schema) {
        try {
            return schema instanceof String text ? text : JSON.writeValueAsString(schema);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("schema is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static boolean holds(Grammar grammar, String text) {
        GrammarState state = grammar.start();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            if (!state.allows(one & 0xff)) {
                return false;
            }
            state.accept(one & 0xff);
        }
        return state.complete();
    }

    /** A vocabulary in which each byte is a token. */
    private static Vocabulary bytes() {
        byte[][] tokens = new byte[BYTES + 1][];
        for (int i = 0; i < BYTES; i++) {
            tokens[i] = new byte[] {(byte) i};
        }
        tokens[BYTES] = new byte[0];
        boolean[] special = new boolean[BYTES + 1];
        special[BYTES] = true;
        return new Vocabulary(TokenBytes.of(tokens, special, false), BYTES);
    }
}
