package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** How the answers to a request look on the wire: as chunks while they grow, or whole at the end. Hears every event. */
interface Reply {
    /** Chunks before anything is written. */
    List<ObjectNode> begin();

    /** Chunks for more text; none if nothing of it can be told yet. */
    List<ObjectNode> piece(AnswerEvents.Piece piece);

    /** Chunks for the end of one answer. */
    List<ObjectNode> end(AnswerEvents.End end);

    /** Chunks after the end of all. */
    List<ObjectNode> finish(Used used);

    /** Chunks for an end by a fault, whatever was told before. */
    List<ObjectNode> failed(ApiException fault);

    /** All of it, when every answer has ended. */
    ObjectNode whole(Used used);

    /** Tokens of a whole request: the prompts' counted once, the answers' all. */
    record Used(int prompt, int completion, int cached) {
        void write(ObjectNode usage) {
            usage.put("prompt_tokens", prompt)
                    .put("completion_tokens", completion)
                    .put("total_tokens", prompt + completion);
            usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
        }
    }
}
