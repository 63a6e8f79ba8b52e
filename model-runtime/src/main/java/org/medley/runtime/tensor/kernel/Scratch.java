package org.medley.runtime.tensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory for one kernel's intermediate values on one thread, grown to the largest request and overwritten by the next. */
public final class Scratch {
    private MemorySegment segment = MemorySegment.NULL;

    /** One such memory per thread; each user keeps its own, so that nested kernels do not overwrite each other. */
    public static ThreadLocal<Scratch> perThread() {
        return ThreadLocal.withInitial(Scratch::new);
    }

    /** The address of at least {@code count} floats, valid until the next call on this thread. */
    public long floats(long count) {
        if (segment.byteSize() < 4 * count) {
            segment = Arena.ofAuto().allocate(8 * count, 64);
        }
        return segment.address();
    }
}
