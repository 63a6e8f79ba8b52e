package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.medley.runtime.engine.TokenListener.Candidate;
import org.medley.runtime.engine.TokenListener.Chosen;
import org.medley.runtime.grammar.TokenBytes;

/** Tokens with their log-probabilities as answers tell them. A token that is no whole text has U+FFFD in it, and bytes. */
record TokenTexts(TokenBytes words) {
    String text(int token) {
        return token < words.size() ? new String(words.bytes(token), StandardCharsets.UTF_8) : "";
    }

    /** As chats have it. */
    ObjectNode chat(Chosen chosen) {
        ObjectNode node = entry(chosen.token(), chosen.logprob());
        ArrayNode top = node.putArray("top_logprobs");
        for (Candidate candidate : chosen.top()) {
            top.add(entry(candidate.token(), candidate.logprob()));
        }
        return node;
    }

    private ObjectNode entry(int token, float logprob) {
        ObjectNode node =
                JsonNodeFactory.instance.objectNode().put("token", text(token)).put("logprob", logprob);
        ArrayNode bytes = node.putArray("bytes");
        if (token < words.size()) {
            for (byte b : words.bytes(token)) {
                bytes.add(b & 0xff);
            }
        }
        return node;
    }
}
