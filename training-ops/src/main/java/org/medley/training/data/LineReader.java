package org.medley.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;

/** The lines of a JSONL file. Blank lines are passed over, but counted. */
final class LineReader implements RowReader {
    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final InputStream in;
    private byte[] buffer = new byte[BUFFER];
    private int from;
    private int to;
    private boolean ended;
    private long line;
    private long position;

    LineReader(Path file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    @Override
    public Row next() throws IOException {
        while (true) {
            int end = lineEnd();
            boolean last = end == to && ended;
            if (last && from == to) {
                if (line == 0) {
                    throw Shard.refuse(file, "dataset is empty; it needs at least one line");
                }
                return null;
            }
            line++;
            int begin = line == 1 ? from + markLength() : from;
            byte[] json = Arrays.copyOfRange(buffer, begin, Math.max(begin, end));
            position += Math.min(to, end + 1) - from;
            from = Math.min(to, end + 1);
            if (!blank(json)) {
                return new Row.Line(new Place(file, line, false), json, last);
            }
        }
    }

    /** Where the line ends: at its break, or at the file's end. */
    private int lineEnd() throws IOException {
        int at = from;
        while (true) {
            for (; at < to; at++) {
                if (buffer[at] == '\n') {
                    return at;
                }
            }
            if (at - from > MAX_RECORD) {
                throw new Place(file, line + 1, false)
                        .refuse("is longer than a record may be, " + MAX_RECORD + " bytes; split the record");
            }
            if (ended) {
                return to;
            }
            at -= from;
            fill();
        }
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, from, buffer, 0, to - from);
        to -= from;
        from = 0;
        if (to == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int count = in.read(buffer, to, buffer.length - to);
        if (count < 0) {
            ended = true;
        } else {
            to += count;
        }
    }

    /** Length of the byte order mark that some editors begin UTF-8 files with. */
    private int markLength() {
        return to - from >= 3
                        && buffer[from] == (byte) 0xef
                        && buffer[from + 1] == (byte) 0xbb
                        && buffer[from + 2] == (byte) 0xbf
                ? 3
                : 0;
    }

    private static boolean blank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
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
