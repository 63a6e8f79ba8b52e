package org.medley.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaOps;
import org.medley.runtime.tensor.cuda.CudaSampler;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DevicePool;
import org.medley.runtime.tensor.cuda.Gpu;

/** Tokens that a device chooses beside those that the sampler chooses, of any parameters, position after position. */
abstract class CudaSamplerParity {
    private final Arena arena = Arena.ofShared();
    private Gpu gpu;
    private CudaWeights weights;
    private CudaOps ops;
    private CudaSampler device;

    /** The device, which the test closes. */
    abstract Gpu open();

    @BeforeEach
    void openDevice() {
        gpu = open();
        DevicePool pool = new DevicePool(gpu);
        weights = new CudaWeights(pool);
        ops = new CudaOps(pool, weights, 1, 1);
        device = new CudaSampler(pool);
    }

    @AfterEach
    void closeDevice() {
        if (gpu != null) {
            device.close();
            ops.close();
            weights.close();
            gpu.close();
        }
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theSameTokensAreChosen(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int vocabulary = 3 + random.nextInt(1500);
        int rows = 5;
        Sampler[] here = new Sampler[rows];
        Sampler[] there = new Sampler[rows];
        SamplingParams[] params = new SamplingParams[rows];
        for (int r = 0; r < rows; r++) {
            params[r] = params(random, vocabulary);
            int[] prompt = random.ints(6, 0, vocabulary).toArray();
            here[r] = new Sampler(params[r], seed + r, prompt, Set.of(1, 2));
            there[r] = new Sampler(params[r], seed + r, prompt, Set.of(1, 2));
        }
        for (int position = 0; position < 4; position++) {
            float[] logits = logits(random, rows * vocabulary);
            Sampler.Choice[] expected = new Sampler.Choice[rows];
            Draw[] draws = new Draw[rows];
            for (int r = 0; r < rows; r++) {
                long[] allowed = random.nextInt(3) == 0 ? allowed(random, vocabulary) : null;
                float[] row = Arrays.copyOfRange(logits, r * vocabulary, (r + 1) * vocabulary);
                expected[r] = here[r].next(row, allowed);
                draws[r] = there[r].draw(vocabulary, allowed);
            }
            // A row that needs more than a token is left out.
            int left = random.nextInt(rows);
            Draw kept = draws[left];
            draws[left] = null;
            Draw.Drawn[] drawn = device.draw(ops.toDevice(Tensor.of(arena, logits, rows, vocabulary)), draws);
            assertThat(drawn[left]).isNull();
            draws = new Draw[rows];
            draws[left] = kept;
            Tensor again = ops.toDevice(Tensor.of(arena, logits, rows, vocabulary));
            drawn[left] = device.draw(again, draws)[left];
            for (int r = 0; r < rows; r++) {
                String what =
                        "seed " + seed + ", vocabulary " + vocabulary + ", position " + position + ", " + params[r];
                Sampler.Choice got = there[r].drawn(drawn[r]);
                assertThat(got.token()).as(what).isEqualTo(expected[r].token());
                assertThat(got.logprob()).as(what).isCloseTo(expected[r].logprob(), within(2e-5f));
            }
        }
    }

    @Test
    void equalLogitsGoByTheirIds() {
        int vocabulary = 700;
        float[] logits = new float[vocabulary];
        Arrays.fill(logits, 3);
        Tensor rows = ops.toDevice(Tensor.of(arena, logits, 1, vocabulary));
        for (double uniform : new double[] {0, 0.25, 0.5, 0.999999}) {
            for (int topK : new int[] {0, 1, 40}) {
                Draw draw = new Draw(1, topK, 1, 0, uniform, null, Draw.Edits.NONE);
                int kept = topK == 0 ? vocabulary : topK;
                assertThat(device.draw(rows, new Draw[] {draw})[0].token())
                        .as("%s of %d", uniform, kept)
                        .isEqualTo((int) (uniform * kept));
            }
        }
        Draw greedy = new Draw(0, 0, 1, 0, 0.7, new long[] {0, 0, 0b1100}, Draw.Edits.NONE);
        Draw.Drawn drawn = device.draw(rows, new Draw[] {greedy})[0];
        assertThat(drawn.token()).isEqualTo(130);
        assertThat(drawn.logprob()).isCloseTo((float) -Math.log(vocabulary), within(1e-5f));
    }

    /** What a network that overflowed gives, over vocabularies with less than a logit for each chunk and with more. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 31, 700})
    void rowsOfWhatIsNoNumberAreChosenFromAlike(int vocabulary) {
        float none = Float.NEGATIVE_INFINITY;
        float[][] kinds = {
            {Float.NaN},
            {none},
            {Float.NaN, none},
            {none, 2, Float.NaN, 1},
            {Float.POSITIVE_INFINITY, 1},
            {Float.NaN, 3}
        };
        SamplingParams[] params = {
            SamplingParams.builder().temperature(0).build(),
            SamplingParams.builder().temperature(0.8f).build(),
            SamplingParams.builder().temperature(0.8f).topK(3).build(),
            SamplingParams.builder().temperature(1.2f).topP(0.4f).minP(0.1f).build()
        };
        for (float[] kind : kinds) {
            float[] logits = new float[params.length * vocabulary];
            Draw[] draws = new Draw[params.length];
            int[] expected = new int[params.length];
            for (int r = 0; r < params.length; r++) {
                float[] row = new float[vocabulary];
                for (int i = 0; i < vocabulary; i++) {
                    row[i] = kind[i % kind.length];
                }
                System.arraycopy(row, 0, logits, r * vocabulary, vocabulary);
                draws[r] = new Sampler(params[r], 9, new int[0], Set.of()).draw(vocabulary, null);
                expected[r] = new Sampler(params[r], 9, new int[0], Set.of())
                        .next(row, null)
                        .token();
            }
            Draw.Drawn[] drawn = device.draw(ops.toDevice(Tensor.of(arena, logits, params.length, vocabulary)), draws);
            for (int r = 0; r < params.length; r++) {
                String what = Arrays.toString(kind) + ", " + params[r];
                assertThat(drawn[r].token()).as(what).isEqualTo(expected[r]).isBetween(0, vocabulary - 1);
            }
        }
    }

    private static SamplingParams params(SplittableRandom random, int vocabulary) {
        Map<Integer, Float> bias = new HashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            // A bias of a token that the model has not changes nothing.
            bias.put(random.nextInt(vocabulary + 5), random.nextInt(-40, 40) / 8f);
        }
        boolean some = random.nextBoolean();
        return SamplingParams.builder()
                .temperature(random.nextInt(4) == 0 ? 0 : 0.1f + 1.5f * random.nextFloat())
                .topK(random.nextBoolean() ? 0 : 1 + random.nextInt(Math.min(vocabulary, 60)))
                .topP(random.nextBoolean() ? 1 : 0.05f + 0.95f * random.nextFloat())
                .minP(random.nextInt(3) > 0 ? 0 : random.nextFloat() * 0.3f)
                .repetitionPenalty(some ? 1.3f : 1)
                .presencePenalty(random.nextBoolean() ? 0 : 0.7f)
                .frequencyPenalty(random.nextBoolean() ? 0 : -0.4f)
                .bias(bias)
                .minTokens(some ? 3 : 0)
                .logprobs(random.nextBoolean() ? 0 : -1)
                .build();
    }

    /** Rounded, so that equal ones come up. */
    private static float[] logits(SplittableRandom random, int count) {
        float[] logits = new float[count];
        boolean coarse = random.nextBoolean();
        for (int i = 0; i < count; i++) {
            double value = random.nextGaussian() * 3;
            logits[i] = (float) (coarse ? Math.rint(value * 2) / 2 : value);
        }
        return logits;
    }

    private static long[] allowed(SplittableRandom random, int vocabulary) {
        long[] bits = random.longs(Math.ceilDiv(vocabulary, 64)).toArray();
        bits[0] |= 1;
        return bits;
    }
}
