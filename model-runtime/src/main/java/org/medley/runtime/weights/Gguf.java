package org.medley.runtime.weights;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;

/**
 * One GGUF file of version 2 or 3, mapped and not copied: a header of counts, metadata, descriptions of tensors, then
 * their data at aligned offsets. Every count and length is held against the bytes that are left before anything is read
 * or allocated by it.
 */
public final class Gguf {
    private static final int MAGIC = 0x46554747;
    private static final long MAX_KEYS = 65_536;
    private static final long MAX_TENSORS = 1 << 20;
    private static final long MAX_ELEMENTS = 1 << 24;
    private static final int MAX_TEXT = 1 << 26;
    private static final int MAX_NAME = 1024;
    private static final int ALIGNMENT = 32;

    private final GgufMetadata metadata;
    private final Map<String, Described> described;
    private final MemorySegment data;
    private final Arena arena;

    private Gguf(GgufMetadata metadata, Map<String, Described> described, MemorySegment data, Arena arena) {
        this.metadata = metadata;
        this.described = described;
        this.data = data;
        this.arena = arena;
    }

    public GgufMetadata metadata() {
        return metadata;
    }

    /** Tensors under the names and with the axes the file gives them, the last axis contiguous. */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        described.keySet().forEach(name -> tensors.put(name, tensor(name)));
        return Collections.unmodifiableMap(tensors);
    }

    boolean has(String name) {
        return described.containsKey(name);
    }

    /** The extents of a tensor; its absence is refused. */
    int[] shape(String name) {
        if (!has(name)) {
            throw metadata.bad("tensor " + name + " is missing");
        }
        return described.get(name).shape;
    }

    /** A tensor that is there: mapped, or rewritten in the arena if it is stored in a way that no kernel reads. */
    Tensor tensor(String name) {
        Described is = described.get(name);
        MemorySegment stored = data.asSlice(is.offset, is.bytes);
        return is.type.dtype != null
                ? new Tensor(is.type.dtype, is.shape, stored)
                : GgmlRepack.of(is.type, is.shape, stored, arena);
    }

    /**
     * Maps the file for as long as {@code arena} lives.
     *
     * @throws BadModelException if the file is not what the format defines
     */
    public static Gguf map(Path file, Arena arena) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Reader(file, all, arena).read();
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    /** @param offset from where the data begins, in bytes */
    private record Described(String name, GgmlType type, int[] shape, long offset, long bytes) {}

    private record Reader(Path file, MemorySegment all, Arena arena, GgufCursor in) {
        Reader(Path file, MemorySegment all, Arena arena) {
            this(file, all, arena, new GgufCursor(file, all));
        }

        Gguf read() {
            if (in.u32("the magic number") != MAGIC) {
                throw new BadModelException(file, "does not begin with GGUF");
            }
            long version = in.u32("the version");
            if (version != 2 && version != 3) {
                throw new BadModelException(file, "has GGUF version " + version + "; 2 and 3 can be read");
            }
            long tensorCount = in.count("the number of tensors", MAX_TENSORS, 24);
            long keys = in.count("the number of metadata keys", MAX_KEYS, 12);
            GgufMetadata metadata = new GgufMetadata(file, metadata(keys));
            int alignment = metadata.has("general.alignment") ? metadata.count("general.alignment") : ALIGNMENT;
            if (alignment < 8 || alignment > 1 << 20 || Integer.bitCount(alignment) != 1) {
                throw new BadModelException(file, "general.alignment is " + alignment + "; a power of two from 8 on");
            }
            Map<String, Described> described = new LinkedHashMap<>();
            for (long i = 0; i < tensorCount; i++) {
                Described next = describe(alignment);
                if (described.put(next.name, next) != null) {
                    throw new BadModelException(file, "tensor " + next.name + " is there twice");
                }
            }
            long begin = Math.min(all.byteSize(), Math.ceilDiv(in.at(), (long) alignment) * alignment);
            MemorySegment data = all.asSlice(begin);
            checkPlaces(described.values(), data.byteSize());
            return new Gguf(metadata, described, data, arena);
        }

        private Map<String, Object> metadata(long keys) {
            Map<String, Object> values = new LinkedHashMap<>();
            long room = MAX_ELEMENTS;
            for (long i = 0; i < keys; i++) {
                String key = in.text("a metadata key", MAX_NAME);
                Object value = value(key, in.u32("the type of " + key), room);
                room -= value instanceof List<?> list ? list.size() : 0;
                if (values.put(key, value) != null) {
                    throw new BadModelException(file, "metadata " + key + " is there twice");
                }
            }
            return Collections.unmodifiableMap(values);
        }

        private Object value(String key, long type, long room) {
            return switch ((int) type) {
                case 0 -> in.u8(key);
                case 1 -> (long) (byte) in.u8(key);
                case 2 -> in.u16(key);
                case 3 -> (long) (short) in.u16(key);
                case 4 -> in.u32(key);
                case 5 -> (long) (int) in.u32(key);
                case 6 -> (double) Float.intBitsToFloat((int) in.u32(key));
                case 7 -> flag(key, in.u8(key));
                case 8 -> in.text(key, MAX_TEXT);
                case 9 -> array(key, room);
                case 10 -> in.u64(key);
                case 11 -> in.i64(key);
                case 12 -> Double.longBitsToDouble(in.i64(key));
                default ->
                    throw new BadModelException(file, "metadata " + key + " has type id " + type + "; 0 to 12 exist");
            };
        }

        private boolean flag(String key, long value) {
            if (value > 1) {
                throw new BadModelException(file, "metadata " + key + " is the boolean " + value + "; 0 or 1 is meant");
            }
            return value == 1;
        }

        private List<Object> array(String key, long room) {
            long type = in.u32("the element type of " + key);
            if (type < 0 || type > 12 || type == 9) {
                throw new BadModelException(
                        file, "metadata " + key + " is an array of type id " + type + "; 0 to 8 and 10 to 12 can be");
            }
            int least = new int[] {1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8}[(int) type];
            long count = in.count("the length of array " + key, room, least);
            List<Object> values = new ArrayList<>((int) count);
            for (long i = 0; i < count; i++) {
                values.add(value(key, type, 0));
            }
            return Collections.unmodifiableList(values);
        }

        private Described describe(int alignment) {
            String name = in.text("a tensor's name", MAX_NAME);
            String what = "tensor " + name;
            long rank = in.u32(what);
            if (rank < 1 || rank > 4) {
                throw new BadModelException(file, what + " has " + rank + " axes; 1 to 4 are possible");
            }
            int[] shape = new int[(int) rank];
            for (int axis = shape.length - 1; axis >= 0; axis--) {
                long extent = in.i64(what);
                if (extent < 1 || extent > Integer.MAX_VALUE) {
                    throw new BadModelException(
                            file,
                            what + " has the extent " + Long.toUnsignedString(extent)
                                    + "; 1 to 2147483647 is possible");
                }
                shape[axis] = (int) extent;
            }
            long id = in.u32(what);
            GgmlType type = GgmlType.of(id)
                    .orElseThrow(() -> new BadModelException(
                            file, what + " has type id " + id + "; these can be read: " + GgmlType.known()));
            long offset = in.i64(what);
            if (offset < 0 || offset % alignment != 0) {
                throw new BadModelException(
                        file,
                        what + " lies at offset " + Long.toUnsignedString(offset) + ", not a multiple of " + alignment);
            }
            return new Described(name, type, shape, offset, bytes(what, type, shape));
        }

        private long bytes(String what, GgmlType type, int[] shape) {
            long elements = 1;
            try {
                for (int extent : shape) {
                    elements = Math.multiplyExact(elements, (long) extent);
                }
                if (shape[shape.length - 1] % type.blockElements != 0) {
                    throw new BadModelException(
                            file,
                            what + ": rows of " + shape[shape.length - 1] + " do not fill whole " + type + " blocks of "
                                    + type.blockElements);
                }
                return Math.multiplyExact(elements / type.blockElements, (long) type.blockBytes);
            } catch (ArithmeticException e) {
                throw new BadModelException(file, what + " would be larger than any file", e);
            }
        }

        private void checkPlaces(Collection<Described> described, long size) {
            List<Described> inOrder = new ArrayList<>(described);
            inOrder.sort(Comparator.comparingLong(Described::offset));
            long at = 0;
            for (Described next : inOrder) {
                if (next.offset < at) {
                    throw new BadModelException(
                            file, "tensor " + next.name + " begins at " + next.offset + ", inside its predecessor");
                }
                if (next.bytes > size || next.offset > size - next.bytes) {
                    throw new BadModelException(
                            file,
                            "tensor " + next.name + " at " + next.offset + " with " + next.bytes + " bytes leaves the "
                                    + size + " bytes of data: cut file");
                }
                at = next.offset + next.bytes;
            }
        }
    }
}
