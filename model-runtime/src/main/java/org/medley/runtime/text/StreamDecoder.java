package org.medley.runtime.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.medley.runtime.grammar.TokenBytes;

/**
 * Turns tokens into text as they come. A character whose bytes are spread over several tokens is held back until it is
 * whole, so that what was given out never changes; bytes that are no UTF-8 become U+FFFD. Special tokens are no text.
 */
public final class StreamDecoder {
    private final TokenBytes tokens;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer held = ByteBuffer.allocate(64);
    private boolean begun;

    public StreamDecoder(TokenBytes tokens) {
        this.tokens = tokens;
    }

    /** The text that {@code token} completes; often empty. */
    public String next(int token) {
        if (!tokens.text(token)) {
            return "";
        }
        byte[] bytes = tokens.bytes(token);
        int from = !begun && tokens.dropsFirstSpace() && bytes[0] == ' ' ? 1 : 0;
        begun = true;
        if (held.remaining() < bytes.length) {
            held = ByteBuffer.allocate(2 * (held.position() + bytes.length)).put(held.flip());
        }
        held.put(bytes, from, bytes.length - from);
        return decode(false);
    }

    /** What is still held back at the end, incomplete characters included. */
    public String rest() {
        return decode(true);
    }

    private String decode(boolean last) {
        held.flip();
        CharBuffer chars = CharBuffer.allocate(held.remaining() + 1);
        decoder.decode(held, chars, last);
        held.compact();
        return chars.flip().toString();
    }
}
