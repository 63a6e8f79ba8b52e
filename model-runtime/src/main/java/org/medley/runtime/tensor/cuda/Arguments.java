package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The arguments of a launch, in cells that are used again for the next: a launch allocates nothing. */
public final class Arguments {
    private static final int MOST = 32;

    private final MemorySegment cells;
    private final MemorySegment pointers;
    private int count;

    public Arguments(Arena arena) {
        cells = arena.allocate(8L * MOST, 8);
        pointers = arena.allocate(8L * MOST, 8);
        for (int i = 0; i < MOST; i++) {
            pointers.setAtIndex(ValueLayout.JAVA_LONG, i, cells.address() + 8L * i);
        }
    }

    /** Begins anew. */
    public Arguments none() {
        count = 0;
        return this;
    }

    /** An address, or a {@code long long}. */
    public Arguments put(long value) {
        cells.setAtIndex(ValueLayout.JAVA_LONG, count++, value);
        return this;
    }

    public Arguments put(int value) {
        cells.set(ValueLayout.JAVA_INT, 8L * count++, value);
        return this;
    }

    public Arguments put(float value) {
        cells.set(ValueLayout.JAVA_FLOAT, 8L * count++, value);
        return this;
    }

    /** Address of the array of the cells' addresses. */
    public long pointers() {
        return pointers.address();
    }

    public int count() {
        return count;
    }
}
