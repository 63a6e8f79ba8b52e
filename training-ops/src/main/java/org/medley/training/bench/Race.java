package org.medley.training.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.bench.Machine;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.data.Packed;

/**
 * Contestants train the same model on the same data, a step each in turn, so that whatever else the machine does falls
 * on all of them.
 */
public final class Race {
    private static final int WARM_UP = 5;
    private static final long SEED = 1;
    /** By how much losses may differ, as a part of them: orders of summation differ, and steps amplify that. */
    private static final double TOLERANCE = 2e-3;

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Shape shape;
    private final List<Lane> lanes;

    /** A contestant with what was measured of it. */
    private static final class Lane {
        final Contestant contestant;
        final List<Double> seconds = new ArrayList<>();
        final List<Double> cpuSeconds = new ArrayList<>();
        Times times = new Times();
        double loss;

        Lane(Contestant contestant) {
            this.contestant = contestant;
        }

        void step(Packed data) {
            double cpu = SYSTEM.getProcessCpuTime() / 1e9;
            long began = System.nanoTime();
            loss = contestant.step(data, times);
            seconds.add((System.nanoTime() - began) / 1e9);
            cpuSeconds.add(SYSTEM.getProcessCpuTime() / 1e9 - cpu);
        }

        void forget() {
            seconds.clear();
            cpuSeconds.clear();
            times = new Times();
        }
    }

    private Race(Shape shape, List<Contestant> contestants) {
        this.shape = shape;
        this.lanes = contestants.stream().map(Lane::new).toList();
    }

    /** Makes a contestant that begins with these weights, by name. */
    public interface Maker {
        Contestant make(Shape shape, Map<String, float[]> weights);
    }

    /**
     * Runs and prints.
     *
     * @param rounds that are measured, after some that are not
     * @param others who train beside Medley
     * @throws IllegalStateException if losses differ, so that the work cannot have been the same
     */
    public static void run(Shape shape, int rounds, List<Maker> others) {
        if (rounds < 1) {
            throw new IllegalArgumentException(rounds + " rounds; at least one is needed");
        }
        Map<String, float[]> weights = InitialWeights.of(shape, SEED);
        List<Contestant> contestants = new ArrayList<>();
        try {
            contestants.add(new Medley(shape, weights));
            others.forEach(other -> contestants.add(other.make(shape, weights)));
            Race race = new Race(shape, contestants);
            double before = Machine.productPeak();
            race.rounds(rounds);
            race.print(Math.max(before, Machine.productPeak()));
        } finally {
            contestants.forEach(Contestant::close);
        }
    }

    private void rounds(int rounds) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int round = 0; round < WARM_UP + rounds; round++) {
            if (round == WARM_UP) {
                lanes.forEach(Lane::forget);
            }
            Packed data = shape.data(random);
            List<Lane> order = new ArrayList<>(lanes);
            Collections.rotate(order, round);
            order.forEach(lane -> lane.step(data));
            compare(round);
        }
    }

    private void compare(int round) {
        StringBuilder line = new StringBuilder("step " + (round + 1) + "  loss");
        double first = lanes.getFirst().loss;
        for (Lane lane : lanes) {
            line.append(String.format(Locale.ROOT, "  %s %.5f", lane.contestant.name(), lane.loss));
        }
        System.out.println(line);
        for (Lane lane : lanes) {
            if (!(Math.abs(lane.loss - first) <= TOLERANCE * first)) {
                throw new IllegalStateException("the losses differ: the contestants did not do the same work");
            }
        }
    }

    private void print(double peak) {
        System.out.printf(
                Locale.ROOT,
                "%n%,d weights, %d layers of width %d, %d sequences of %d tokens a step, %d threads%n",
                shape.weights(),
                shape.layers(),
                shape.hidden(),
                shape.sequences(),
                shape.sequence(),
                Workers.count());
        System.out.printf(
                Locale.ROOT,
                "matrix products at their best: %.0f GFLOP/s; a token takes %.1f MFLOP%n",
                peak / 1e9,
                shape.operationsPerToken() / 1e6);
        for (Lane lane : lanes) {
            print(lane, peak);
        }
        for (Lane lane : lanes.subList(1, lanes.size())) {
            Lane medley = lanes.getFirst();
            String beside = medley.contestant.name() + " / " + lane.contestant.name();
            ratio(beside + ", tokens per second", medley.seconds, lane.seconds);
            ratio(beside + ", tokens per CPU-second", medley.cpuSeconds, lane.cpuSeconds);
        }
    }

    private void print(Lane lane, double peak) {
        Spread seconds = Spread.of(lane.seconds);
        double rate = shape.tokens() / seconds.median();
        System.out.printf(
                Locale.ROOT,
                "%n%s: %,.0f tokens/s (half of the steps %,.0f to %,.0f), %,.0f per CPU-second, MFU %.1f%%%n",
                lane.contestant.name(),
                rate,
                shape.tokens() / seconds.upper(),
                shape.tokens() / seconds.lower(),
                shape.tokens() / Spread.of(lane.cpuSeconds).median(),
                100 * rate * shape.operationsPerToken() / peak);
        lane.times.print(
                lane.seconds.size(),
                lane.seconds.stream().mapToDouble(Double::doubleValue).sum());
    }

    /** How many times as fast the first is as the second, step by step. */
    private static void ratio(String what, List<Double> first, List<Double> second) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            ratios.add(second.get(i) / first.get(i));
        }
        Spread spread = Spread.of(ratios);
        System.out.printf(
                Locale.ROOT,
                "%n%s: %.2f (half of %d pairs %.2f to %.2f, all %.2f to %.2f)%n",
                what,
                spread.median(),
                ratios.size(),
                spread.lower(),
                spread.upper(),
                spread.least(),
                spread.most());
    }

    /** Quartiles and ends of what was measured. */
    private record Spread(double least, double lower, double median, double upper, double most) {
        static Spread of(List<Double> values) {
            List<Double> sorted = values.stream().sorted().toList();
            int last = sorted.size() - 1;
            return new Spread(
                    sorted.getFirst(),
                    sorted.get(last / 4),
                    sorted.get(last / 2),
                    sorted.get(last * 3 / 4),
                    sorted.getLast());
        }
    }
}
