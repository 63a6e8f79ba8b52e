package org.medley.runtime.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.medley.runtime.tensor.Memory;

/** Reads little-endian values one after another and refuses to leave the file, saying what it was about to read. */
final class GgufCursor {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(Memory.ORDER);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(Memory.ORDER);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Memory.ORDER);

    private final Path file;
    private final MemorySegment all;
    private long at;

    GgufCursor(Path file, MemorySegment all) {
        this.file = file;
        this.all = all;
    }

    long at() {
        return at;
    }

    private long take(long bytes, String what) {
        if (bytes > all.byteSize() - at) {
            throw new BadModelException(
                    file, "ends at byte " + all.byteSize() + " within " + what + ", which begins at byte " + at);
        }
        long here = at;
        at += bytes;
        return here;
    }

    long u8(String what) {
        return Byte.toUnsignedLong(all.get(ValueLayout.JAVA_BYTE, take(1, what)));
    }

    long u16(String what) {
        return Short.toUnsignedLong(all.get(SHORT, take(2, what)));
    }

    long u32(String what) {
        return Integer.toUnsignedLong(all.get(INT, take(4, what)));
    }

    long i64(String what) {
        return all.get(LONG, take(8, what));
    }

    /** A {@link Long}, or a {@link BigInteger} where it does not fit one. */
    Number u64(String what) {
        long value = i64(what);
        return value >= 0 ? (Number) value : new BigInteger(Long.toUnsignedString(value));
    }

    /** A number of things that each take {@code least} bytes or more of what is left of the file. */
    long count(String what, long most, int least) {
        long count = i64(what);
        if (count < 0 || count > most) {
            throw new BadModelException(
                    file, what + " is " + Long.toUnsignedString(count) + "; at most " + most + " is possible");
        }
        if (count > (all.byteSize() - at) / least) {
            throw new BadModelException(
                    file, what + " is " + count + ", for which " + (all.byteSize() - at) + " bytes are too few");
        }
        return count;
    }

    String text(String what, int most) {
        long length = count("the length of " + what, most, 1);
        MemorySegment bytes = all.asSlice(take(length, what), length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.asByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadModelException(file, what + " is not valid UTF-8", e);
        }
    }
}
