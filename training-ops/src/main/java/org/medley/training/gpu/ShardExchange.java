package org.medley.training.gpu;

import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Collectives;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.GradientExchange;

/**
 * Each device gets of all others what they have of its shard, some at a time, and adds it up in the order of ranks: F32,
 * from zero on, divided at the end. This is what {@link org.medley.training.parallel.LocalExchange} computes. Gradients
 * are those in the devices' memory.
 */
record ShardExchange(List<GpuDevice> devices, Collectives collectives, States states) implements GradientExchange {
    /** Elements of a shard that travel at a time: 16 MB from each device to each. */
    private static final long AT_ONCE = 1L << 22;

    /** Bytes that a device needs for what arrives. */
    static long bytes(long shard, int ranks) {
        return Float.BYTES * ranks * Math.min(AT_ONCE, shard);
    }

    @Override
    public Traffic average(List<Map<String, Tensor>> gradients, int step) {
        if (gradients.size() != devices.size()) {
            throw new IllegalArgumentException(
                    "gradients of " + gradients.size() + " workers; the exchange is among " + devices.size());
        }
        Shards shards = devices.getFirst().shards();
        long[] rooms = devices.stream()
                .mapToLong(device -> device.room(bytes(shards.size(), shards.ranks())))
                .toArray();
        for (long done = 0; done < shards.size(); done += AT_ONCE) {
            long at = done;
            long count = Math.min(AT_ONCE, shards.size() - at);
            long[] from = devices.stream()
                    .mapToLong(device -> device.gradients() + Float.BYTES * at)
                    .toArray();
            collectives.exchange(from, shards.bytes(), rooms, Float.BYTES * count, Float.BYTES * count);
            for (int rank = 0; rank < devices.size(); rank++) {
                devices.get(rank).average(rooms[rank], at, count);
            }
        }
        // Gradients to the shards' devices, and what was made of them back.
        long sent = 2 * (shards.ranks() - 1) * shards.allBytes();
        return new Traffic(sent, sent);
    }
}
