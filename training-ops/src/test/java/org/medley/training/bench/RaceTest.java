package org.medley.training.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.training.data.Packed;

class RaceTest {
    private static final Shape SMALL = new Shape(64, 32, 48, 2, 4, 2, 8, 24, 3);

    /** A contestant with a model of its own that says its losses are this many times what they are. */
    private record Boaster(Medley medley, double factor) implements Contestant {
        static Race.Maker of(double factor) {
            return (shape, weights) -> new Boaster(new Medley(shape, weights), factor);
        }

        @Override
        public String name() {
            return "Boaster";
        }

        @Override
        public double step(Packed data, Times times) {
            return factor * medley.step(data, times);
        }

        @Override
        public void close() {
            medley.close();
        }
    }

    @Test
    void theCountedWeightsAreThoseOfTheCheckpoint() {
        long weights = InitialWeights.of(SMALL, 1).values().stream()
                .mapToLong(values -> values.length)
                .sum();
        assertThat(SMALL.weights()).isEqualTo(weights);
    }

    @Test
    void whatIsTrainedLearns() {
        Map<String, float[]> weights = InitialWeights.of(SMALL, 2);
        SplittableRandom random = new SplittableRandom(3);
        Packed data = SMALL.data(random);
        try (Medley medley = new Medley(SMALL, weights)) {
            double first = medley.step(data, new Times());
            double last = first;
            for (int i = 0; i < 20; i++) {
                last = medley.step(data, new Times());
            }
            assertThat(first).isBetween(Math.log(64) - 0.5, Math.log(64) + 0.5);
            assertThat(last).isLessThan(first - 0.1);
        }
    }

    @Test
    void contestantsWhoseLossesAgreeAreMeasured() {
        Race.run(SMALL, 2, List.of(Boaster.of(1)));
    }

    @Test
    void contestantsWhoDidOtherWorkAreFoundOut() {
        assertThatThrownBy(() -> Race.run(SMALL, 1, List.of(Boaster.of(0.9))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("did not do the same work");
    }
}
