package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Devices that exchange memory by way of the host, one copy after the other. */
public record HostGpus(Supplier<Gpu> each) implements Gpus {
    @Override
    public Gpu open(int number) {
        return each.get();
    }

    @Override
    public Collectives among(List<Gpu> gpus) {
        return new HostCollectives(gpus);
    }

    private record HostCollectives(List<Gpu> gpus) implements Collectives {
        /** A copy that waits for all others to be read. */
        private record Copied(long host, Gpu gpu, long to) {}

        @Override
        public void exchange(long[] from, long fromStride, long[] to, long toStride, long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                List<Copied> copied = new ArrayList<>();
                for (int rank = 0; rank < gpus.size(); rank++) {
                    for (int other = 0; other < gpus.size(); other++) {
                        long host = arena.allocate(bytes, 64).address();
                        gpus.get(rank).download(from[rank] + other * fromStride, host, bytes);
                        copied.add(new Copied(host, gpus.get(other), to[other] + rank * toStride));
                    }
                }
                copied.forEach(copy -> copy.gpu.upload(copy.host, copy.to, bytes));
                gpus.forEach(Gpu::synchronize);
            }
        }

        @Override
        public void gather(long[] from, long[] to, long bytes) {
            exchange(from, 0, to, bytes, bytes);
        }

        @Override
        public void close() {}
    }
}
