package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.cuda.Product.Operand;

/**
 * What the network uses of F32 weights on a device: themselves in full precision, else BF16 of matrices, the BF16 values
 * of vectors, which kernels read as F32, and codes in tiles of the matrices that scaled formats are for.
 */
final class NetworkWeights {
    private final Launcher launcher;
    private final Gpu gpu;
    private final DeviceMemory memory;
    private final CudaWeights names;
    /** What is left to do after masters were changed. */
    private final List<Runnable> roundings = new ArrayList<>();

    private final Map<Tensor, Boolean> placed = new IdentityHashMap<>();
    /** Null unless a scaled format is used. */
    private final EightBitProducts eight;

    private final Tiles tiles;
    private final long largest;

    /**
     * @param eight what takes matrices of scaled formats, null for none
     * @param tiles how those are rounded
     */
    NetworkWeights(Launcher launcher, DeviceMemory memory, CudaWeights names, EightBitProducts eight, Tiles tiles) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.memory = memory;
        this.names = names;
        this.eight = eight;
        this.tiles = tiles;
        this.largest = eight == null ? 0 : memory.allocate(4);
    }

    /** The network uses a master itself. */
    void full(Tensor name, long master) {
        if (once(name)) {
            names.place(name, DType.F32, master);
        }
    }

    /** The network uses a master rounded to BF16. */
    void rounded(Tensor name, long master) {
        if (!once(name)) {
            return;
        }
        boolean vector = name.shape().length == 1;
        long to = memory.allocate((vector ? 4 : 2) * name.size());
        names.place(name, vector ? DType.F32 : DType.BF16, to);
        String file = vector ? "optimizer" : "elementwise";
        String kernel = vector ? "bf16_values" : "to_bf16_elements";
        roundings.add(() -> {
            launcher.none().put(master).put(name.size()).put(to);
            launcher.launch(file, kernel, Grid.elements(name.size()));
        });
    }

    /**
     * The network uses a master rounded in tiles.
     *
     * @param rows that a pass has about
     */
    void tiled(Tensor name, long master, int rows) {
        if (!once(name)) {
            return;
        }
        int n = name.rows();
        int k = name.cols();
        boolean coded = EightBitProducts.coded(gpu, tiles.whole(), n, k, rows);
        long bytes = EightBitWeight.bytes(n, k, coded);
        Operand along = new Operand(memory.allocate(bytes), coded ? scales(n, k) : 0);
        Operand turned = coded ? new Operand(memory.allocate(bytes), scales(k, n)) : null;
        EightBitWeight weight = new EightBitWeight(n, k, coded, rows, along, turned);
        eight.put(name, weight);
        roundings.add(() -> tiles.blocks(master, weight, largest));
    }

    /** Memory of scales, zeros where rows of them are filled up. */
    private long scales(int rows, int cols) {
        long bytes = EightBitWeight.scaleBytes(rows, cols);
        long address = memory.allocate(bytes);
        gpu.zero(address, bytes);
        return address;
    }

    private boolean once(Tensor name) {
        return placed.put(name, true) == null;
    }

    /** Rounds what was named so far once and for all. */
    void freeze() {
        round();
        roundings.clear();
    }

    /** The masters were changed. */
    void round() {
        roundings.forEach(Runnable::run);
    }
}
