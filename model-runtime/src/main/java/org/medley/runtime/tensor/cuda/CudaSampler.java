package org.medley.runtime.tensor.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/** Chooses tokens from logits in device memory, so that only the tokens are copied. */
public final class CudaSampler implements AutoCloseable {
    /** Weights of more tokens might not sum up in 64 bits. */
    private static final int MOST_TOKENS = 1 << 19;

    /** Pieces of a row that are looked at side by side. */
    static final int CHUNKS = 32;
    /** Of a block that draws: with more there would not be registers enough for each. */
    static final int PICK_THREADS = 512;

    static final int DRAW_INTS = 11;
    static final int EDIT_INTS = 4;

    private final Gpu gpu;
    private final Launcher launcher;
    private final DeviceWorkspace workspace;
    private long staging;
    private long stagingBytes;

    public CudaSampler(DevicePool pool) {
        this.gpu = pool.gpu();
        this.launcher = new Launcher(gpu);
        this.workspace = new DeviceWorkspace(pool);
    }

    /** Whether rows of so many logits can be chosen from. */
    public static boolean fits(int vocabulary) {
        return vocabulary <= MOST_TOKENS;
    }

    public long bytes() {
        return workspace.bytes();
    }

    /** Bytes that it takes at most to choose from so many rows of logits. */
    public static long mostBytes(int rows, int vocabulary) {
        return DeviceWorkspace.slabs(bytes(rows, vocabulary, (long) rows * vocabulary));
    }

    /** What a draw takes at most: changed logits and weights, masks, what is found of each chunk, and what is brought. */
    private static long bytes(int rows, int vocabulary, long edits) {
        long row = (4L + 8) * vocabulary + 4L * Layout.words(vocabulary) + (16L + 8) * CHUNKS + 4L * DRAW_INTS + 8;
        return rows * row + 4L * EDIT_INTS * edits + 6 * DeviceWorkspace.ALIGNMENT;
    }

    /**
     * Waits for the logits and chooses.
     *
     * @param logits on the device
     * @param draws one for each row of them, null for rows that are not chosen from
     * @return for each row, null where its draw is
     */
    public Draw.Drawn[] draw(Tensor logits, Draw[] draws) {
        int vocabulary = logits.cols();
        if (draws.length > logits.rows() || !fits(vocabulary)) {
            throw new IllegalArgumentException(draws.length + " draws from logits " + logits);
        }
        Layout layout = Layout.of(draws, vocabulary);
        if (layout.rows == 0) {
            return new Draw.Drawn[draws.length];
        }
        // The draw before was waited for, and nothing recorded points in here.
        workspace.reset(bytes(layout.rows, vocabulary, (layout.masks - layout.edits) / EDIT_INTS));
        long values = bring(draws, layout, vocabulary);
        long edits = values + 4L * layout.edits;
        long masks = values + 4L * layout.masks;
        Grid chunks = new Grid(CHUNKS, layout.rows, 1, 256, 0);
        long changed = 0;
        if (layout.changed()) {
            changed = workspace.allocate(4L * layout.rows * vocabulary);
            launcher.none().put(logits.address()).put(values).put(masks).put(vocabulary);
            launcher.arguments().put(changed);
            launcher.launch("sample", "allow", chunks);
        }
        if (layout.mostEdits > 0) {
            launcher.none().put(values).put(edits).put(vocabulary).put(changed);
            launcher.launch("sample", "edit", new Grid(Math.ceilDiv(layout.mostEdits, 128), layout.rows, 1, 128, 0));
        }
        long surveys = workspace.allocate(16L * CHUNKS * layout.rows);
        launcher.none().put(logits.address()).put(values).put(vocabulary).put(changed);
        launcher.arguments().put(surveys);
        launcher.launch("sample", "survey", chunks);
        long weights = 0;
        long sums = workspace.allocate(8L * CHUNKS * layout.rows);
        if (layout.random) {
            weights = workspace.allocate(8L * layout.rows * vocabulary);
            launcher.none().put(logits.address()).put(values).put(surveys).put(vocabulary);
            launcher.arguments().put(changed).put(weights).put(sums);
            launcher.launch("sample", "weigh", chunks);
        }
        long chosen = workspace.allocate(8L * layout.rows);
        launcher.none().put(logits.address()).put(values).put(surveys).put(vocabulary);
        launcher.arguments().put(changed).put(weights).put(sums).put(chosen).put(chosen + 4L * layout.rows);
        launcher.launch("sample", "pick", Grid.of(layout.rows, layout.random ? PICK_THREADS : 32));
        gpu.download(chosen, staging, 8L * layout.rows);
        return told(draws, layout.rows);
    }

    private Draw.Drawn[] told(Draw[] draws, int rows) {
        Draw.Drawn[] drawn = new Draw.Drawn[draws.length];
        int at = 0;
        for (int i = 0; i < draws.length; i++) {
            if (draws[i] != null) {
                drawn[i] = new Draw.Drawn(Memory.i32(staging + 4L * at), Memory.f32(staging + 4L * (rows + at)));
                at++;
            }
        }
        return drawn;
    }

    /**
     * Where what is brought over begins, in integers: draws, then edits, then masks.
     *
     * @param random whether any row has a temperature
     */
    private record Layout(int rows, int edits, int mostEdits, int masks, int ints, boolean random) {
        static Layout of(Draw[] draws, int vocabulary) {
            int rows = 0;
            int edits = 0;
            int mostEdits = 0;
            int masks = 0;
            boolean random = false;
            for (Draw draw : draws) {
                if (draw != null) {
                    rows++;
                    edits += draw.edits().count();
                    mostEdits = Math.max(mostEdits, draw.edits().count());
                    masks += draw.allowed() == null ? 0 : words(vocabulary);
                    random |= draw.temperature() != 0;
                }
            }
            int first = DRAW_INTS * rows;
            int second = first + EDIT_INTS * edits;
            return new Layout(rows, first, mostEdits, second, second + masks, random);
        }

        /** Whether any row is not chosen from as it came. */
        boolean changed() {
            return mostEdits > 0 || ints > masks;
        }

        static int words(int vocabulary) {
            return Math.ceilDiv(vocabulary, 64) * 2;
        }
    }

    private long bring(Draw[] draws, Layout layout, int vocabulary) {
        long bytes = 4L * layout.ints;
        long needed = Math.max(bytes, 8L * layout.rows);
        if (needed > stagingBytes) {
            stagingBytes = 2 * needed;
            staging = gpu.allocateHost(stagingBytes);
        }
        MemorySegment to = MemorySegment.ofAddress(staging).reinterpret(bytes);
        int row = 0;
        int edit = 0;
        int mask = 0;
        for (int i = 0; i < draws.length; i++) {
            Draw draw = draws[i];
            if (draw == null) {
                continue;
            }
            long uniform = (long) (draw.uniform() * 0x1p53);
            Cells cells = new Cells(to, DRAW_INTS * row++);
            cells.put(i)
                    .put(draw.temperature())
                    .put(draw.topK())
                    .put(draw.topP())
                    .put(draw.minP());
            cells.put(draw.edits().repetition()).put((int) uniform).put((int) (uniform >>> 32));
            cells.put(draw.allowed() == null ? -1 : mask)
                    .put(edit)
                    .put(draw.edits().count());
            edit(draw.edits(), new Cells(to, layout.edits + EDIT_INTS * edit));
            edit += draw.edits().count();
            if (draw.allowed() != null) {
                Cells words = new Cells(to, layout.masks + mask);
                for (int w = 0; w < Layout.words(vocabulary) / 2; w++) {
                    long word = w < draw.allowed().length ? draw.allowed()[w] : 0;
                    words.put((int) word).put((int) (word >>> 32));
                }
                mask += Layout.words(vocabulary);
            }
        }
        long device = workspace.allocate(bytes);
        gpu.upload(staging, device, bytes);
        return device;
    }

    private static void edit(Draw.Edits edits, Cells cells) {
        for (int i = 0; i < edits.count(); i++) {
            cells.put(edits.tokens()[i]).put(edits.added()[i]).put(edits.taken()[i]);
            cells.put(edits.repeated()[i] ? 1 : 0);
        }
    }

    /** Integers and floats one after the other. */
    private static final class Cells {
        private final MemorySegment to;
        private long at;

        Cells(MemorySegment to, int first) {
            this.to = to;
            this.at = 4L * first;
        }

        Cells put(int value) {
            to.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
            at += 4;
            return this;
        }

        Cells put(float value) {
            return put(Float.floatToRawIntBits(value));
        }
    }

    @Override
    public void close() {
        gpu.synchronize();
        workspace.close();
        launcher.close();
    }
}
