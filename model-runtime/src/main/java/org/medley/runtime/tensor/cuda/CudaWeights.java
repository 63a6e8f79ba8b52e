package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;

/**
 * The weights of a model in device memory, in the formats they are stored in. A tensor of the host stays the one name of
 * a weight; one that was not brought over is when it is first used.
 */
public final class CudaWeights implements AutoCloseable {
    private static final long STAGING_BYTES = 32L << 20;

    /** Where the parts of a layer's experts begin; their shapes and formats are those of the first. */
    record Mixture(StoredWeight gate, StoredWeight up, StoredWeight down, long tables, int experts) {
        /** @param part 0 for gate, 1 for up, 2 for down */
        long addresses(int part) {
            return tables + 16L * part * experts;
        }

        /** 0 for none. */
        long factors(int part, StoredWeight weight) {
            return weight.factors() == 0 ? 0 : addresses(part) + 8L * experts;
        }
    }

    private final Gpu gpu;
    private final DeviceMemory memory;
    private final long staging;
    private final Map<Tensor, StoredWeight> weights = new IdentityHashMap<>();
    /** Weights whose memory is somebody else's. */
    private final Map<Tensor, Boolean> placed = new IdentityHashMap<>();

    private final Map<RopeTable, Long> ropes = new IdentityHashMap<>();
    private final Map<List<Ops.Expert>, Mixture> mixtures = new IdentityHashMap<>();

    public CudaWeights(DevicePool pool) {
        this.gpu = pool.gpu();
        this.memory = new DeviceMemory(pool, DevicePool.WEIGHTS);
        this.staging = gpu.allocateHost(STAGING_BYTES);
    }

    public void add(Collection<Tensor> tensors) {
        tensors.forEach(this::of);
    }

    public void remove(Collection<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            StoredWeight weight = weights.remove(tensor);
            if (weight != null && placed.remove(tensor) == null) {
                gpu.synchronize();
                memory.free(weight.address());
                if (weight.factors() != 0) {
                    memory.free(weight.factors());
                }
            }
        }
    }

    /**
     * Says where on the device a weight lies that somebody else keeps there, and may change.
     *
     * @param name the host's tensor that networks name it by
     */
    public void place(Tensor name, DType dtype, long address) {
        weights.put(name, new StoredWeight(dtype, name.rows(), name.cols(), address, 0, 1, 1, 1));
        placed.put(name, true);
    }

    /** Where a weight lies on the device. */
    public long address(Tensor tensor) {
        return of(tensor).address();
    }

    /** The format that a weight has on the device. */
    public DType format(Tensor tensor) {
        return of(tensor).dtype();
    }

    public long bytes() {
        return memory.bytes();
    }

    /** Bytes that such weights take at least; one that goes by several names is there once. */
    public static long bytes(Collection<Tensor> tensors) {
        Map<Tensor, Boolean> once = new IdentityHashMap<>();
        tensors.forEach(tensor -> once.put(tensor, true));
        return once.keySet().stream()
                .mapToLong(tensor ->
                        StoredWeight.kept(tensor.dtype()) ? tensor.data().byteSize() : 4 * tensor.size())
                .sum();
    }

    StoredWeight of(Tensor tensor) {
        return weights.computeIfAbsent(tensor, this::bring);
    }

    private StoredWeight bring(Tensor tensor) {
        Scales scales = tensor.scales();
        // A group of eight elements, which kernels decode at once, must lie in one block.
        boolean apart = scales != null && scales.blockCols() % 8 != 0 && scales.blockCols() < tensor.cols();
        if (apart || !StoredWeight.kept(tensor.dtype())) {
            try (Arena arena = Arena.ofConfined()) {
                Tensor plain = Tensor.of(arena, tensor.toArray(), tensor.rows(), tensor.cols());
                return new StoredWeight(DType.F32, tensor.rows(), tensor.cols(), copied(plain.data()), 0, 1, 1, 1);
            }
        }
        long address = copied(tensor.data());
        if (scales == null) {
            return new StoredWeight(tensor.dtype(), tensor.rows(), tensor.cols(), address, 0, 1, 1, 1);
        }
        // A product over blocks takes rows of a multiple of four scales.
        boolean blocks = scales.blockRows() == Product.BLOCK && scales.blockCols() == Product.BLOCK;
        int across = blocks
                ? Math.ceilDiv(scales.factors().cols(), 4) * 4
                : scales.factors().cols();
        return new StoredWeight(
                tensor.dtype(),
                tensor.rows(),
                tensor.cols(),
                address,
                copied(scales.factors(), across),
                scales.blockRows(),
                scales.blockCols(),
                across);
    }

    /** Rows of F32 that are filled up with zeros. */
    private long copied(Tensor rows, int across) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wide = arena.allocate(4L * rows.rows() * across, 4);
            for (int row = 0; row < rows.rows(); row++) {
                MemorySegment.copy(rows.data(), 4L * row * rows.cols(), wide, 4L * row * across, 4L * rows.cols());
            }
            return copied(wide);
        }
    }

    /** Through memory that the device reads by itself: a mapped file is read once, in order, and not pinned. */
    private long copied(MemorySegment data) {
        long to = memory.allocate(data.byteSize());
        for (long done = 0; done < data.byteSize(); done += STAGING_BYTES) {
            long bytes = Math.min(STAGING_BYTES, data.byteSize() - done);
            gpu.synchronize();
            Memory.copy(data.address() + done, staging, bytes);
            gpu.upload(staging, to + done, bytes);
        }
        gpu.synchronize();
        return to;
    }

    /** Address of the table: for each position a cosine of every pair and then a sine of every pair. */
    public long of(RopeTable table) {
        return ropes.computeIfAbsent(table, this::bring);
    }

    private long bring(RopeTable table) {
        int half = table.pairs();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(8L * half * table.positions(), 8);
            for (int p = 0; p < table.positions(); p++) {
                for (int i = 0; i < half; i++) {
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * p * half + i, table.cos(p, i));
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, (2L * p + 1) * half + i, table.sin(p, i));
                }
            }
            return copied(values);
        }
    }

    Mixture of(List<Ops.Expert> experts) {
        return mixtures.computeIfAbsent(experts, this::bring);
    }

    private Mixture bring(List<Ops.Expert> experts) {
        List<List<StoredWeight>> parts = new ArrayList<>();
        for (Function<Ops.Expert, Tensor> part :
                List.<Function<Ops.Expert, Tensor>>of(Ops.Expert::gate, Ops.Expert::up, Ops.Expert::down)) {
            parts.add(experts.stream().map(part).map(this::of).toList());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment tables = arena.allocate(48L * experts.size(), 8);
            long at = 0;
            for (List<StoredWeight> part : parts) {
                StoredWeight like = part.getFirst();
                for (StoredWeight weight : part) {
                    if (weight.dtype() != like.dtype()
                            || weight.rows() != like.rows()
                            || weight.cols() != like.cols()
                            || weight.factorRows() != like.factorRows()
                            || weight.factorCols() != like.factorCols()) {
                        throw new IllegalArgumentException("experts of one layer are stored alike on a CUDA device; "
                                + weight + " differs from " + like);
                    }
                    tables.setAtIndex(ValueLayout.JAVA_LONG, at, weight.address());
                    tables.setAtIndex(ValueLayout.JAVA_LONG, at++ + experts.size(), weight.factors());
                }
                at += experts.size();
            }
            return new Mixture(
                    parts.get(0).getFirst(),
                    parts.get(1).getFirst(),
                    parts.get(2).getFirst(),
                    copied(tables),
                    experts.size());
        }
    }

    @Override
    public void close() {
        gpu.synchronize();
        memory.close();
    }
}
