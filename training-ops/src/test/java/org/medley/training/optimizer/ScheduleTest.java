package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.medley.training.optimizer.Schedule.Decay;

class ScheduleTest {
    @Test
    void cosine() {
        Schedule schedule = new Schedule.Cosine(1, 0.1f, 10, 110);
        assertThat(schedule.at(1)).isEqualTo(0.1f);
        assertThat(schedule.at(10)).isEqualTo(1);
        assertThat(schedule.at(60)).isCloseTo(0.55f, within(1e-6f));
        assertThat(schedule.at(35)).isCloseTo((float) (0.1 + 0.9 * (0.5 + Math.sqrt(0.5) / 2)), within(1e-6f));
        assertThat(schedule.at(110)).isCloseTo(0.1f, within(1e-7f));
        assertThat(schedule.at(200)).isCloseTo(0.1f, within(1e-7f));
        assertThat(new Schedule.Cosine(1, 0, 0, 2).at(1)).isCloseTo(0.5f, within(1e-6f));
    }

    @Test
    void stableThenDecaying() {
        for (Decay decay : Decay.values()) {
            Schedule schedule = new Schedule.WarmupStableDecay(2, 0.5f, 4, 100, 20, decay);
            assertThat(schedule.at(2)).isEqualTo(1);
            assertThat(schedule.at(4)).isEqualTo(2);
            assertThat(schedule.at(80)).isEqualTo(2);
            double quarter = switch (decay) {
                case cosine -> 0.5 + Math.sqrt(0.5) / 2;
                case one_minus_sqrt -> 0.5;
                case linear -> 0.75;
            };
            assertThat(schedule.at(85)).as("%s", decay).isCloseTo((float) (0.5 + 1.5 * quarter), within(1e-6f));
            assertThat(schedule.at(100)).isCloseTo(0.5f, within(1e-6f));
            for (int step = 5; step <= 100; step++) {
                assertThat(schedule.at(step)).isLessThanOrEqualTo(schedule.at(step - 1 < 4 ? 4 : step - 1));
            }
        }
        assertThat(new Schedule.WarmupStableDecay(1, 0, 0, 10, 0, Decay.linear).at(10))
                .isEqualTo(1);
    }

    @Test
    void constant() {
        assertThat(new Schedule.Constant(3, 2).at(1)).isEqualTo(1.5f);
        assertThat(new Schedule.Constant(3, 2).at(1_000_000)).isEqualTo(3);
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> new Schedule.Cosine(1, 2, 0, 10)).hasMessageContaining("from 1.0 to 2.0");
        assertThatThrownBy(() -> new Schedule.Cosine(1, 0, 11, 10)).hasMessageContaining("warm-up over 11 of 10");
        assertThatThrownBy(() -> new Schedule.WarmupStableDecay(1, 0, 5, 10, 6, Decay.cosine))
                .hasMessageContaining("a decay over 6 steps does not fit");
    }
}
