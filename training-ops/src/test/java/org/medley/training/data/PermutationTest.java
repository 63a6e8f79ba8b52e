package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PermutationTest {
    @Test
    void everyNumberComesOnceForAllSmallAndManyLargerSizes() {
        Random random = new Random(1);
        for (int n = 1; n <= 3000; n++) {
            checkBijection(n, random.nextLong());
        }
        for (int i = 0; i < 20; i++) {
            checkBijection(3000 + random.nextInt(300_000), random.nextLong());
        }
    }

    private static void checkBijection(int n, long seed) {
        Permutation order = Permutation.of(n, seed, 0, 0);
        BitSet seen = new BitSet(n);
        for (int i = 0; i < n; i++) {
            long at = order.at(i);
            assertThat(at).as("n %d, seed %d", n, seed).isBetween(0L, n - 1L);
            seen.set((int) at);
        }
        assertThat(seen.cardinality()).as("n %d, seed %d", n, seed).isEqualTo(n);
    }

    @Test
    void sizesBeyondMemoryAreNoLargerWork() {
        long n = 1_000_000_000_000L;
        Permutation order = Permutation.of(n, 3, 1, 2);
        for (long i = 0; i < 10_000; i++) {
            assertThat(order.at(n - 1 - i)).isBetween(0L, n - 1);
        }
    }

    /** Mean place, neighbours' distance and agreement of two epochs are those of a shuffle, within six deviations. */
    @Test
    void theOrderLooksShuffledAndEpochsAndDatasetsDiffer() {
        int n = 20_000;
        Permutation one = Permutation.of(n, 9, 0, 0);
        for (Permutation other :
                new Permutation[] {Permutation.of(n, 9, 0, 1), Permutation.of(n, 9, 1, 0), Permutation.of(n, 10, 0, 0)
                }) {
            int equal = 0;
            double distance = 0;
            double product = 0;
            for (int i = 0; i < n; i++) {
                equal += one.at(i) == other.at(i) ? 1 : 0;
                distance += Math.abs(other.at(i) - other.at((i + 1) % n));
                product += (i - n / 2.0) * (other.at(i) - n / 2.0);
            }
            assertThat(equal).isLessThan(10);
            assertThat(distance / n / n).isBetween(1 / 3.0 - 0.012, 1 / 3.0 + 0.012);
            assertThat(product / (n * (double) n * n / 12)).isBetween(-6 / Math.sqrt(n), 6 / Math.sqrt(n));
        }
    }

    @Test
    void placesOutsideAreRefused() {
        assertThatThrownBy(() -> Permutation.of(5, 1, 1, 1).at(5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Permutation.of(0, 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
