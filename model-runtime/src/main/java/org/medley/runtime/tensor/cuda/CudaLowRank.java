package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Tensor;

/** Low-rank additions of all rows of a pass in two launches, whichever part each row goes through. */
final class CudaLowRank {
    /** Rows that a block takes. */
    static final int ROWS = 8;

    static final int PART_BYTES = 24;

    /** @param most highest rank of its parts */
    private record Table(long address, int most) {}

    private final Launcher launcher;
    private final CudaWeights weights;
    private final DeviceWorkspace workspace;
    private final DeviceMemory memory;
    private final Map<List<LowRank>, Table> tables = new IdentityHashMap<>();

    CudaLowRank(Launcher launcher, CudaWeights weights, DeviceWorkspace workspace, DeviceMemory memory) {
        this.launcher = launcher;
        this.weights = weights;
        this.workspace = workspace;
        this.memory = memory;
    }

    /** @param chosen address of the place of each row's part */
    void add(Tensor x, Tensor y, long chosen, List<LowRank> parts) {
        Table table = tables.computeIfAbsent(parts, this::bring);
        int blocks = Math.ceilDiv(x.rows(), ROWS);
        long low = workspace.allocate(4L * x.rows() * table.most);
        launcher.none().put(x.address()).put(chosen).put(table.address).put(x.rows());
        launcher.arguments().put(x.cols()).put(table.most).put(low);
        launcher.launch("lowrank", "shrink", Grid.of(blocks, 256));
        launcher.none().put(low).put(chosen).put(table.address).put(x.rows());
        launcher.arguments().put(y.cols()).put(table.most).put(y.address());
        Grid grid = new Grid(Math.ceilDiv(y.cols(), 128), blocks, 1, 128, 4 * ROWS * table.most);
        launcher.launch("lowrank", "expand", grid);
    }

    private Table bring(List<LowRank> parts) {
        int most = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate((long) PART_BYTES * parts.size(), 8);
            for (int i = 0; i < parts.size(); i++) {
                LowRank part = parts.get(i);
                if (part == null) {
                    continue;
                }
                long at = (long) PART_BYTES * i;
                table.set(ValueLayout.JAVA_LONG, at, weights.of(part.a()).address());
                table.set(ValueLayout.JAVA_LONG, at + 8, weights.of(part.b()).address());
                table.set(ValueLayout.JAVA_INT, at + 16, part.a().rows());
                table.set(ValueLayout.JAVA_FLOAT, at + 20, part.scale());
                most = Math.max(most, part.a().rows());
            }
            Gpu gpu = launcher.gpu();
            long address = memory.allocate(table.byteSize());
            gpu.upload(table.address(), address, table.byteSize());
            gpu.synchronize();
            return new Table(address, most);
        }
    }

    /** Forgets where parts lie, some of which are no longer there. */
    void changed() {
        launcher.gpu().synchronize();
        tables.values().forEach(table -> memory.free(table.address));
        tables.clear();
    }
}
