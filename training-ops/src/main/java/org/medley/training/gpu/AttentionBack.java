package org.medley.training.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Arguments;
import org.medley.runtime.tensor.cuda.DeviceMemory;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;

/** The way back through attention: one launch for the queries, one for the keys and values. */
final class AttentionBack {
    private static final int SHARERS = 8;
    private static final int LARGEST_HEAD = 256;
    private static final int TILE_INTS = 5;
    /** By tensor cores: rows of a block, and of the others at a time. */
    private static final int MULTIPLIED_TILE = 64;

    private static final int MULTIPLIED_ROWS = 32;
    private static final int LARGEST_MULTIPLIED = 128;

    private final Launcher launcher;
    private final DeviceMemory memory;
    private final DeviceWorkspace workspace;
    private final boolean rounded;
    /** The pass whose tiles lie on the device: all its layers use them. */
    private Batch batch;

    private int rows;
    private int count;
    private long tiles;
    private long room;

    /** @param rounded whether operands may be multiplied as BF16, by tensor cores */
    AttentionBack(Launcher launcher, DeviceMemory memory, DeviceWorkspace workspace, boolean rounded) {
        this.rounded = rounded;
        this.launcher = launcher;
        this.memory = memory;
        this.workspace = workspace;
    }

    /**
     * Which kernels, in blocks of what.
     *
     * @param tile rows of a block
     * @param queryBytes shared by a block for queries, beside what the kernel declares
     * @param keyBytes the same for keys
     */
    private record Plan(String file, int suffix, int tile, int threads, int queryBytes, int keyBytes) {
        static Plan of(int size, boolean rounded) {
            if (rounded && size <= LARGEST_MULTIPLIED) {
                int room = size <= 64 ? 64 : 128;
                int pairs = (2 * MULTIPLIED_TILE + 2 * MULTIPLIED_ROWS) * (room / 2 + 4);
                int turned = 2 * room * (MULTIPLIED_ROWS / 2 + 4);
                int bytes = 4 * (pairs + turned + 2 * MULTIPLIED_ROWS);
                return new Plan("attention_back_mma", room, MULTIPLIED_TILE, 128, 0, bytes);
            }
            int tile = size <= 128 ? 32 : 16;
            int floats = 4 * tile * (size + 1);
            int square = tile * (tile + 1);
            int parts = size <= 64 ? 8 : size <= 128 ? 16 : 32;
            return new Plan(
                    "attention_back", parts, tile, SHARERS * tile, 4 * (floats + square), 4 * (floats + 2 * square));
        }
    }

    void attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Attention attention,
            Batch batch,
            Tensor y,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        Ops.Heads heads = attention.heads();
        int size = heads.size();
        if (size > LARGEST_HEAD) {
            throw new IllegalArgumentException(
                    "heads of " + size + " elements; the CUDA kernels take up to " + LARGEST_HEAD);
        }
        Plan plan = Plan.of(size, rounded);
        bring(batch, plan.tile);
        DeviceWorkspace.Mark mark = workspace.mark();
        long logs = workspace.allocate(4L * q.rows() * heads.count());
        long deltas = workspace.allocate(4L * q.rows() * heads.count());
        launcher.none().put(q.address()).put(k.address()).put(v.address()).put(y.address());
        shape(launcher.arguments().put(dy.address()).put(tiles), attention)
                .put(logs)
                .put(deltas)
                .put(dq.address());
        Grid queries = new Grid(count, heads.count(), 1, plan.threads, plan.queryBytes);
        launcher.launch(plan.file, "queries_back_" + plan.suffix, queries);
        launcher.none().put(q.address()).put(k.address()).put(v.address()).put(dy.address());
        shape(launcher.arguments().put(tiles), attention)
                .put(logs)
                .put(deltas)
                .put(dk.address())
                .put(dv.address());
        Grid keys = new Grid(count, heads.kv(), 1, plan.threads, plan.keyBytes);
        launcher.launch(plan.file, "keys_back_" + plan.suffix, keys);
        workspace.release(mark);
    }

    private static Arguments shape(Arguments arguments, Attention attention) {
        Ops.Heads heads = attention.heads();
        return arguments
                .put(heads.count())
                .put(heads.count() / heads.kv())
                .put(heads.size())
                .put(attention.scale())
                .put(attention.window())
                .put(attention.softCap())
                .put(attention.causal() ? 1 : 0);
    }

    /** Brings the tiles over that a pass's sequences are cut into. */
    private void bring(Batch next, int tile) {
        if (next == batch && tile == rows) {
            return;
        }
        List<int[]> cut = new ArrayList<>();
        for (Batch.Span span : next.spans()) {
            for (int at = 0; at < span.rows(); at += tile) {
                cut.add(new int[] {span.row() + at, Math.min(tile, span.rows() - at), at, span.row(), span.rows()});
            }
        }
        int[] values = cut.stream().flatMapToInt(Arrays::stream).toArray();
        launcher.gpu().synchronize();
        if (room < 4L * values.length) {
            if (room > 0) {
                memory.free(tiles);
            }
            room = 4L * TILE_INTS * Integer.highestOneBit(2 * cut.size());
            tiles = memory.allocate(room);
        }
        Uploads.put(launcher.gpu(), values, tiles);
        batch = next;
        rows = tile;
        count = cut.size();
    }
}
