package org.medley.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A text file as one document of any length, in pieces that end with a line. */
final class PassageReader implements RowReader {
    private static final int BUFFER = 1 << 20;

    private final Path file;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER);
    private final CharBuffer chars = CharBuffer.allocate(BUFFER);
    private final StringBuilder pending = new StringBuilder();
    private boolean ended;
    private boolean given;
    private boolean ink;
    private long lines;
    private long position;

    PassageReader(Path file, InputStream in) {
        this.file = file;
        this.in = in;
        bytes.flip();
    }

    @Override
    public Row next() throws IOException {
        while (true) {
            int cut = Passages.cut(pending, 0);
            if (cut > 0) {
                return passage(cut, true);
            }
            if (ended) {
                if (given) {
                    return null;
                }
                given = true;
                return passage(pending.length(), false);
            }
            if (pending.length() > MAX_RECORD) {
                throw new Place(file, lines + 1, false)
                        .refuse("is longer than a line may be, " + MAX_RECORD + " characters; break it into lines");
            }
            read();
        }
    }

    private Row passage(int length, boolean more) {
        String text = pending.substring(0, length);
        pending.delete(0, length);
        Place place = new Place(file, lines + 1, false);
        lines += text.chars().filter(c -> c == '\n').count();
        ink |= !text.isBlank();
        if (!more && !ink) {
            throw place.refuse("holds no text but blanks; a document needs some");
        }
        return new Row.Passage(place, text, more);
    }

    private void read() throws IOException {
        bytes.compact();
        int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
        boolean last = count < 0;
        bytes.position(bytes.position() + Math.max(0, count)).flip();
        position += Math.max(0, count);
        CoderResult result;
        do {
            result = decoder.decode(bytes, chars, last);
            append();
            if (result.isError()) {
                throw notText();
            }
        } while (result.isOverflow());
        if (last) {
            if (decoder.flush(chars).isError() || bytes.hasRemaining()) {
                throw notText();
            }
            append();
            ended = true;
        }
    }

    private void append() {
        chars.flip();
        boolean mark = position <= BUFFER && lines == 0 && pending.isEmpty() && chars.hasRemaining();
        if (mark && chars.get(0) == '\ufeff') {
            chars.get();
        }
        pending.append(chars);
        chars.clear();
    }

    private RuntimeException notText() {
        long line = lines + 1 + pending.chars().filter(c -> c == '\n').count();
        return new Place(file, line, false).refuse("is not UTF-8 text; convert the file to UTF-8");
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
