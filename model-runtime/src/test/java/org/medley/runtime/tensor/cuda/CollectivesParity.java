package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What moves memory among devices, beside what its calls are said to do. */
abstract class CollectivesParity {
    private static final int ELEMENTS = 3000;

    private final Arena arena = Arena.ofShared();
    private final List<Gpu> gpus = new ArrayList<>();

    abstract Gpus machine();

    /** As how many ranks it is tried. */
    abstract int[] ranks();

    @AfterEach
    void close() {
        gpus.forEach(Gpu::close);
        arena.close();
    }

    private void open(int count) {
        gpus.forEach(Gpu::close);
        gpus.clear();
        for (int number = 0; number < count; number++) {
            gpus.add(machine().open(number));
        }
    }

    /** Random numbers on each device, and what they are. */
    private long[] filled(SplittableRandom random, int[][] values) {
        long[] addresses = new long[gpus.size()];
        for (int rank = 0; rank < gpus.size(); rank++) {
            values[rank] = random.ints(ELEMENTS).toArray();
            MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, values[rank]);
            addresses[rank] = gpus.get(rank).allocate(4L * ELEMENTS);
            gpus.get(rank).upload(host.address(), addresses[rank], 4L * ELEMENTS);
            gpus.get(rank).synchronize();
        }
        return addresses;
    }

    private int[] read(int rank, long address) {
        MemorySegment host = arena.allocate(4L * ELEMENTS, 4);
        gpus.get(rank).download(address, host.address(), 4L * ELEMENTS);
        return host.toArray(ValueLayout.JAVA_INT);
    }

    @Test
    void everyRankHasWhatEachSentIt() {
        long seed = 5;
        SplittableRandom random = new SplittableRandom(seed);
        for (int ranks : ranks()) {
            open(ranks);
            int[][] sent = new int[ranks][];
            int[][] expected = new int[ranks][];
            long[] from = filled(random, sent);
            long[] to = filled(random, expected);
            int stride = ELEMENTS / ranks;
            int apart = stride - 3;
            int count = 1 + random.nextInt(apart);
            try (Collectives collectives = machine().among(gpus)) {
                collectives.exchange(from, 4L * stride, to, 4L * apart, 4L * count);
                for (int rank = 0; rank < ranks; rank++) {
                    for (int other = 0; other < ranks; other++) {
                        System.arraycopy(sent[other], rank * stride, expected[rank], other * apart, count);
                    }
                    assertThat(read(rank, to[rank]))
                            .as("seed %d, %d ranks, rank %d, %d elements", seed, ranks, rank, count)
                            .isEqualTo(expected[rank]);
                    assertThat(read(rank, from[rank])).isEqualTo(sent[rank]);
                }
            }
        }
    }

    @Test
    void whatIsGatheredComesToAllRanksAndMayLieThereAlready() {
        long seed = 6;
        SplittableRandom random = new SplittableRandom(seed);
        for (int ranks : ranks()) {
            open(ranks);
            int count = ELEMENTS / ranks;
            for (boolean there : new boolean[] {true, false}) {
                int[][] held = new int[ranks][];
                int[][] sent = new int[ranks][];
                long[] to = filled(random, held);
                long[] from = filled(random, sent);
                int[] expected = Arrays.copyOf(held[0], ELEMENTS);
                for (int rank = 0; rank < ranks; rank++) {
                    from[rank] = there ? to[rank] + 4L * rank * count : from[rank];
                    System.arraycopy(
                            there ? held[rank] : sent[rank], there ? rank * count : 0, expected, rank * count, count);
                }
                try (Collectives collectives = machine().among(gpus)) {
                    collectives.gather(from, to, 4L * count);
                }
                for (int rank = 0; rank < ranks; rank++) {
                    assertThat(Arrays.copyOf(read(rank, to[rank]), ranks * count))
                            .as("seed %d, %d ranks, rank %d, there already: %s", seed, ranks, rank, there)
                            .isEqualTo(Arrays.copyOf(expected, ranks * count));
                }
            }
        }
    }
}
