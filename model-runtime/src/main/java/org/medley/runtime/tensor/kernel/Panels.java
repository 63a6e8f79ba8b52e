package org.medley.runtime.tensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/**
 * A weight matrix [rows, cols] laid out for multiplication: {@value #WIDTH} rows are interleaved, so that a vector holds
 * one column of many rows. An activation broadcast against it feeds as many outputs at once, sums need no horizontal
 * addition, and the scales of a block format are a vector too. Rows that fill up the last panel are zero.
 */
public final class Panels {
    /** Rows of a panel. */
    public static final int WIDTH = 32;

    private final PanelFormat format;
    private final int rows;
    private final int cols;
    private final MemorySegment data;

    private Panels(PanelFormat format, int rows, int cols, MemorySegment data) {
        this.format = format;
        this.rows = rows;
        this.cols = cols;
        this.data = data;
    }

    /** Lays out a matrix, on all cores; the values are the same to the last bit. */
    public static Panels pack(Tensor matrix, Arena arena) {
        PanelFormat format = PanelFormat.of(matrix);
        int rows = matrix.rows();
        int cols = matrix.cols();
        int count = (rows + WIDTH - 1) / WIDTH;
        Panels panels = new Panels(format, rows, cols, arena.allocate(count * format.panelBytes(cols), 64));
        panels.fill(matrix);
        return panels;
    }

    /** Lays out other values of the same matrix in the same place. */
    public void fill(Tensor matrix) {
        Workers.run(count(), panel -> {
            for (int row = panel * WIDTH; row < Math.min(rows, (panel + 1) * WIDTH); row++) {
                PanelPacking.row(matrix, row, address(panel), row % WIDTH);
            }
        });
    }

    PanelFormat format() {
        return format;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public long bytes() {
        return data.byteSize();
    }

    int count() {
        return (rows + WIDTH - 1) / WIDTH;
    }

    long address(int panel) {
        return data.address() + panel * format.panelBytes(cols);
    }

    /** Weight (row, col) as it enters products; for checks, far too slow for anything else. */
    float get(int row, int col) {
        int first = col / format.group * format.group;
        int count = Math.min(format.group, cols - first);
        try (Arena arena = Arena.ofConfined()) {
            long decoded = arena.allocate(4L * WIDTH * format.group, 64).address();
            PanelDecode.decode(format, address(row / WIDTH), first, count, decoded);
            return Memory.f32(decoded + 4L * ((col - first) * WIDTH + row % WIDTH));
        }
    }
}
