package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.engine.Engine;

/** The prompts of a completion: a text, token ids, or several of either. */
final class Prompts {
    private static final int MOST = 128;

    private Prompts() {}

    static List<int[]> of(Fields in, Engine engine) {
        JsonNode prompt = in.node("prompt");
        if (prompt == null) {
            throw ApiException.invalid("prompt", "prompt is missing");
        }
        List<int[]> prompts = new ArrayList<>();
        if (prompt.isTextual()) {
            prompts.add(engine.tokenizer().encodeFromBegin(prompt.textValue()));
        } else if (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isIntegralNumber()) {
            prompts.add(tokens(in, prompt));
        } else {
            for (JsonNode one : in.array("prompt")) {
                prompts.add(one.isTextual() ? engine.tokenizer().encodeFromBegin(one.textValue()) : tokens(in, one));
            }
        }
        if (prompts.isEmpty() || prompts.size() > MOST) {
            throw ApiException.invalid(
                    "prompt", "there are " + prompts.size() + " prompts; 1 to " + MOST + " are possible");
        }
        return prompts;
    }

    static int[] tokens(Fields in, JsonNode node) {
        List<Integer> tokens = new ArrayList<>();
        for (JsonNode id : node) {
            if (!id.canConvertToInt() || !id.isIntegralNumber()) {
                throw in.wrong("prompt", node, "a string, token ids, or an array of either");
            }
            tokens.add(id.intValue());
        }
        if (!node.isArray() || tokens.isEmpty()) {
            throw in.wrong("prompt", node, "a string, token ids, or an array of either");
        }
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }
}
