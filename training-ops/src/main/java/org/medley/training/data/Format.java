package org.medley.training.data;

/** What the records of a dataset hold, by the names that recipes use. */
public enum Format {
    /** Documents: objects with a string "text", a Parquet column "text", or a whole .txt or .md file. All is learned. */
    text,
    /** Conversations: {@code "messages": [{"role", "content"}]}. What the assistant says is learned. */
    chat,
    /** {@code "tokens"}, and "labels" of which each is -100 or the token at its place; without labels all is learned. */
    tokens,
    /** A prompt of "messages" with a "chosen" and a "rejected" answer. Examples 2i and 2i+1; the answer is learned. */
    pairs,
    /** "messages" that end with the user's turn, and whatever a reward reads beside them. Nothing is learned. */
    prompts;

    /** Examples that one record becomes. */
    int examplesPerRecord() {
        return this == pairs ? 2 : 1;
    }

    /** Whether records are conversations, so that the chat template decides their tokens. */
    boolean rendered() {
        return this == chat || this == pairs || this == prompts;
    }
}
