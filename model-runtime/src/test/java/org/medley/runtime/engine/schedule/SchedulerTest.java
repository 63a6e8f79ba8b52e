package org.medley.runtime.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scheduler run for millions of steps without hardware, on too few pages. */
class SchedulerTest {
    private static final int SIZE = 4;

    /** Random arrivals, cancellations, common beginnings, forks and guesses, until everything has ended. */
    private static final class World {
        final SplittableRandom random;
        final Pages pages;
        final NullDevice device;
        final Scheduler scheduler;
        final int steps;
        final List<Sequence> live = new ArrayList<>();
        final Map<Sequence, Integer> arrivedAt = new HashMap<>();
        long number;
        int ended;
        int preemptions;
        int copies;
        long cached;
        int accepted;

        World(long seed, int steps) {
            this.random = new SplittableRandom(seed);
            this.steps = steps;
            int count = 12 + random.nextInt(40);
            this.pages = new Pages(count, SIZE);
            this.device = new NullDevice(count, SIZE);
            int sequences = 1 + random.nextInt(12);
            this.scheduler = new Scheduler(
                    new Scheduler.Limits(sequences, sequences + random.nextInt(30), random.nextInt(4)), pages);
        }

        void run() {
            for (int step = 0; step < steps; step++) {
                if (live.size() < 20 && random.nextInt(4) == 0) {
                    arrive(step);
                }
                if (!live.isEmpty() && random.nextInt(200) == 0) {
                    end(live.get(random.nextInt(live.size())));
                }
                step(step);
            }
            int patience = 100_000;
            while (!scheduler.idle()) {
                step(steps);
                assertThat(--patience).as("steps until everything has ended").isPositive();
            }
            assertThat(live).isEmpty();
            assertThat(pages.free()).as("pages free when nothing runs").isEqualTo(pages.count());
        }

        private void arrive(int step) {
            int[] prompt = new int[1 + random.nextInt(30)];
            int kind = random.nextInt(3);
            for (int i = 0; i < prompt.length; i++) {
                prompt[i] = kind * 10 + (i < 12 ? i % 5 : random.nextInt(3));
            }
            String tenant = "tenant " + random.nextInt(3);
            Sequence leader = null;
            for (int copy = 1 + random.nextInt(3) * random.nextInt(2); copy > 0; copy--) {
                int limit = Math.min(pages.count() * SIZE, prompt.length + 1 + random.nextInt(40));
                Sequence s = new Sequence(number++, tenant, tenant, prompt, limit, leader);
                leader = leader == null ? s : leader;
                scheduler.add(s);
                live.add(s);
                arrivedAt.put(s, step);
            }
        }

        private void end(Sequence s) {
            scheduler.remove(s);
            live.remove(s);
            arrivedAt.remove(s);
            ended++;
        }

        private void step(int now) {
            Step step = scheduler.next();
            assertThat(step.isEmpty()).as("an empty step").isEqualTo(scheduler.idle());
            device.run(step);
            preemptions += step.preempted().size();
            copies += step.copies().size();
            for (Step.Work work : step.works()) {
                Sequence s = work.sequence();
                cached += s.cached();
                if (!work.yields()) {
                    scheduler.commit(work, 0);
                    continue;
                }
                List<Integer> tokens = new ArrayList<>();
                tokens.add(NullDevice.answer(s, s.length()));
                int right = work.drafts() == 0 ? 0 : random.nextInt(work.drafts() + 1);
                // A guess that is right has, by chance of the device, been written as the very token it is.
                right = Math.min(right, agreeing(s, work, tokens.getFirst()));
                for (int i = 0; i < right; i++) {
                    tokens.add(random.nextInt(50));
                }
                scheduler.commit(
                        work, right, tokens.stream().mapToInt(Integer::intValue).toArray());
                accepted += right;
                if (s.length() == s.limit() || random.nextInt(60) == 0) {
                    end(s);
                }
            }
        }

        /** 1 if the first guess is the answer, since only then its place in the cache holds what it must. */
        private static int agreeing(Sequence s, Step.Work work, int answer) {
            return work.drafts() > 0 && NullDevice.draft(s, s.length()) == answer ? 1 : 0;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void nothingIsLeakedStarvedOrMixedUp(long seed) {
        World world = new World(seed, 100_000);
        world.run();
        assertThat(world.ended).as("seed %d: sequences that ended", seed).isEqualTo((int) world.number);
    }

    @Test
    void theSimulationReachesPreemptionSharingCopiesAndGuesses() {
        int preemptions = 0;
        int copies = 0;
        long cached = 0;
        int accepted = 0;
        for (long seed = 1; seed <= 10; seed++) {
            World world = new World(seed, 3_000);
            world.run();
            preemptions += world.preemptions;
            copies += world.copies;
            cached += world.cached;
            accepted += world.accepted;
        }
        assertThat(preemptions).isGreaterThan(100);
        assertThat(copies).isGreaterThan(100);
        assertThat(cached).isGreaterThan(1_000);
        assertThat(accepted).isGreaterThan(100);
    }

    @Test
    void theSameCallsGiveTheSameSteps() {
        World one = new World(5, 5_000);
        World two = new World(5, 5_000);
        one.run();
        two.run();
        assertThat(one.device.tokens()).isEqualTo(two.device.tokens());
        assertThat(one.preemptions).isEqualTo(two.preemptions);
    }

    /** One tenant floods, another asks now and then: each must get its half while both want. */
    @Test
    void aFloodOfOneTenantDoesNotStarveAnother() {
        Pages pages = new Pages(64, SIZE);
        Scheduler scheduler = new Scheduler(new Scheduler.Limits(4, 32, 0), pages);
        Map<String, Long> tokens = new HashMap<>();
        long number = 0;
        for (int i = 0; i < 2_000; i++) {
            scheduler.add(sequence(number++, "loud", 8, 16));
            if (i % 4 == 0) {
                scheduler.add(sequence(number++, "quiet", 8, 16));
            }
        }
        for (int step = 0; step < 1_000; step++) {
            for (Step.Work work : scheduler.next().works()) {
                Sequence s = work.sequence();
                scheduler.commit(work, 0, work.yields() ? new int[] {1} : new int[0]);
                tokens.merge(s.tenant(), 1L + work.count(), Long::sum);
                if (s.length() == s.limit()) {
                    scheduler.remove(s);
                }
            }
        }
        double share = tokens.get("quiet") / (double) (tokens.get("quiet") + tokens.get("loud"));
        assertThat(share).isBetween(0.45, 0.55);
    }

    @Test
    void aLongPromptIsCutSoThatOthersGoOn() {
        Scheduler scheduler = new Scheduler(new Scheduler.Limits(4, 10, 0), new Pages(100, SIZE));
        Sequence first = sequence(0, "a", 3, 40);
        scheduler.add(first);
        commit(scheduler, scheduler.next());
        Sequence longer = sequence(1, "a", 35, 40);
        scheduler.add(longer);
        int steps = 0;
        while (longer.computed() < 35) {
            Step step = scheduler.next();
            assertThat(step.works()).hasSize(2);
            assertThat(step.works().stream().mapToInt(Step.Work::count).sum()).isLessThanOrEqualTo(10);
            commit(scheduler, step);
            steps++;
        }
        assertThat(steps).isEqualTo(4);
        assertThat(first.length()).isEqualTo(3 + 1 + 4);
    }

    @Test
    void whatCanNeverRunIsRefused() {
        Scheduler scheduler = new Scheduler(new Scheduler.Limits(4, 10, 0), new Pages(3, SIZE));
        assertThat(scheduler.fits(12)).isTrue();
        assertThatThrownBy(() -> scheduler.add(sequence(0, "a", 3, 13)))
                .hasMessage("a sequence of up to 13 tokens needs 4 pages; there are 3");
    }

    @Test
    void aCommonBeginningIsSharedWithinATenantOnly() {
        Scheduler scheduler = new Scheduler(new Scheduler.Limits(8, 100, 0), new Pages(100, SIZE));
        scheduler.add(sequence(0, "a", 21, 40));
        commit(scheduler, scheduler.next());
        Sequence same = sequence(1, "a", 21, 40);
        Sequence other = sequence(2, "b", 21, 40);
        scheduler.add(same);
        scheduler.add(other);
        commit(scheduler, scheduler.next());
        assertThat(same.cached()).isEqualTo(20);
        assertThat(other.cached()).isZero();
    }

    private static void commit(Scheduler scheduler, Step step) {
        for (Step.Work work : step.works()) {
            scheduler.commit(work, 0, work.yields() ? new int[] {7} : new int[0]);
        }
    }

    private static Sequence sequence(long number, String tenant, int prompt, int limit) {
        return new Sequence(number, tenant, tenant, IntStream.range(0, prompt).toArray(), limit, null);
    }
}
