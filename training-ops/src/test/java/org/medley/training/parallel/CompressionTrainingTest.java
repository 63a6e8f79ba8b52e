package org.medley.training.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;

/** What compressed gradients cost a small network that four workers train with Adam. */
class CompressionTrainingTest {
    private static final int WORKERS = 4;
    private static final int STEPS = 300;
    private static final int BATCH = 16;
    private static final int SAMPLES = 1024;
    private static final int IN = 16;
    private static final int HIDDEN = 32;
    private static final int CLASSES = 8;

    /** Points around drawn centres, several for each class. */
    private static final class Task {
        private final float[][] points = new float[SAMPLES][IN];
        private final int[] classes = new int[SAMPLES];

        Task(SplittableRandom random) {
            float[][] centres = new float[3 * CLASSES][IN];
            for (float[] centre : centres) {
                for (int i = 0; i < IN; i++) {
                    centre[i] = (float) random.nextGaussian();
                }
            }
            for (int s = 0; s < SAMPLES; s++) {
                int centre = random.nextInt(centres.length);
                classes[s] = centre % CLASSES;
                for (int i = 0; i < IN; i++) {
                    points[s][i] = centres[centre][i] + (float) random.nextGaussian();
                }
            }
        }
    }

    /** Cross-entropy of relu(x·W1)·W2 on a sample; adds to the gradients unless they are null. */
    private static double sample(Task task, int s, float[] w1, float[] w2, float[] d1, float[] d2) {
        float[] x = task.points[s];
        float[] hidden = new float[HIDDEN];
        for (int i = 0; i < IN; i++) {
            for (int h = 0; h < HIDDEN; h++) {
                hidden[h] += x[i] * w1[i * HIDDEN + h];
            }
        }
        double[] logits = new double[CLASSES];
        for (int h = 0; h < HIDDEN; h++) {
            hidden[h] = Math.max(0, hidden[h]);
            for (int c = 0; c < CLASSES; c++) {
                logits[c] += hidden[h] * w2[h * CLASSES + c];
            }
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
        }
        double loss = Math.log(sum) - logits[task.classes[s]];
        if (d1 == null) {
            return loss;
        }
        float[] dHidden = new float[HIDDEN];
        for (int c = 0; c < CLASSES; c++) {
            float d = (float) (Math.exp(logits[c]) / sum - (c == task.classes[s] ? 1 : 0)) / BATCH;
            for (int h = 0; h < HIDDEN; h++) {
                d2[h * CLASSES + c] += d * hidden[h];
                dHidden[h] += hidden[h] > 0 ? d * w2[h * CLASSES + c] : 0;
            }
        }
        for (int i = 0; i < IN; i++) {
            for (int h = 0; h < HIDDEN; h++) {
                d1[i * HIDDEN + h] += x[i] * dHidden[h];
            }
        }
        return loss;
    }

    private static float[] start(SplittableRandom random, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / rows));
        }
        return values;
    }

    private static double train(long seed, Compression compression, int bits) {
        SplittableRandom random = new SplittableRandom(seed);
        Task task = new Task(random);
        try (Arena arena = Arena.ofShared()) {
            List<Parameter> parameters = List.of(
                    new Parameter("w1", Tensor.of(arena, start(random, IN, HIDDEN), IN, HIDDEN), 1),
                    new Parameter("w2", Tensor.of(arena, start(random, HIDDEN, CLASSES), HIDDEN, CLASSES), 1));
            Settings settings = new Settings(Method.adamw, 0.9f, 0.999f, 0, 1e-8f, 0, 0, 0, 0, 0);
            Optimizer optimizer = Optimizers.make(settings, parameters, States.in(arena));
            LocalExchange exchange = new LocalExchange(
                    new ExchangeSettings(compression, bits, 256, 0.8f, 1024), WORKERS, parameters, States.in(arena));
            List<Map<String, Tensor>> gradients = new ArrayList<>();
            for (int w = 0; w < WORKERS; w++) {
                gradients.add(
                        Map.of("w1", Tensor.zeros(arena, IN, HIDDEN), "w2", Tensor.zeros(arena, HIDDEN, CLASSES)));
            }
            for (int step = 1; step <= STEPS; step++) {
                float[] w1 = parameters.get(0).value().toArray();
                float[] w2 = parameters.get(1).value().toArray();
                for (Map<String, Tensor> own : gradients) {
                    float[] d1 = new float[w1.length];
                    float[] d2 = new float[w2.length];
                    for (int i = 0; i < BATCH; i++) {
                        sample(task, random.nextInt(SAMPLES), w1, w2, d1, d2);
                    }
                    own.get("w1").copyFrom(d1);
                    own.get("w2").copyFrom(d2);
                }
                exchange.average(gradients, step);
                optimizer.step(gradients.getFirst(), step, 0.005f, 1);
            }
            double loss = 0;
            for (int s = 0; s < SAMPLES; s++) {
                loss += sample(
                                task,
                                s,
                                parameters.get(0).value().toArray(),
                                parameters.get(1).value().toArray(),
                                null,
                                null)
                        / SAMPLES;
            }
            return loss;
        }
    }

    @Test
    void locoLosesLessThanRoundingAlone() {
        int seeds = 6;
        for (int bits : new int[] {4, 3}) {
            Map<Compression, double[]> losses = new EnumMap<>(Compression.class);
            for (Compression compression : Compression.values()) {
                double[] each = new double[seeds];
                for (int seed = 0; seed < seeds; seed++) {
                    each[seed] = train(100 + seed, compression, bits);
                }
                losses.put(compression, each);
            }
            System.out.printf("training loss after %d steps, %d bits, %d seeds:", STEPS, bits, seeds);
            losses.forEach((compression, each) -> System.out.printf(" %s %.4f", compression, mean(each)));
            System.out.println();
            double exact = mean(losses.get(Compression.none));
            double lostByRounding = mean(losses.get(Compression.naive)) - exact;
            double lostByLoco = mean(losses.get(Compression.loco)) - exact;
            int better = 0;
            for (int seed = 0; seed < seeds; seed++) {
                better += losses.get(Compression.loco)[seed] < losses.get(Compression.naive)[seed] ? 1 : 0;
            }
            assertThat(lostByLoco)
                    .as("%d bits: mean loss over exact exchange", bits)
                    .isLessThan(lostByRounding);
            assertThat(better).as("%d bits: seeds 100 to 105", bits).isGreaterThan(seeds / 2);
        }
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
