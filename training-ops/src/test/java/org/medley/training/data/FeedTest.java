package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.tensor.Batch;
import org.medley.training.recipe.BadRecipeException;

class FeedTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SEQUENCE = 96;
    private static final int MICRO = 250;

    @TempDir
    static Path home;

    private static DataFixture data;
    private static TokenStore documents;
    private static TokenStore few;
    private static TokenStore chats;

    @BeforeAll
    static void open() throws Exception {
        data = new DataFixture(home);
        documents = data.documents("documents", 300, 1);
        few = data.documents("few", 7, 2);
        chats = data.chats("chats", 500, 3);
    }

    @AfterAll
    static void close() {
        data.close();
    }

    private static List<Feed.Source> mixed() {
        return List.of(new Feed.Source(documents, 1), new Feed.Source(few, 0.5), new Feed.Source(chats, 2.5));
    }

    private static Feed feed(boolean windows, List<Feed.Source> sources, long seed) {
        return windows
                ? Feed.windows(sources, SEQUENCE, MICRO, seed)
                : Feed.examples(sources, SEQUENCE, TooLong.cut, MICRO, seed);
    }

    /** What a pass is, comparable. */
    private static List<Object> content(Packed pass) {
        return List.of(
                Arrays.toString(pass.batch().tokens()),
                Arrays.toString(pass.batch().positions()),
                pass.batch().spans().stream().map(Batch.Span::rows).toList(),
                Arrays.toString(pass.rows()),
                Arrays.toString(pass.targets()));
    }

    @Test
    void aFeedThatGoesOnFromAStateGivesThePassesOfOneNeverStopped() throws Exception {
        for (long seed = 0; seed < 6; seed++) {
            for (boolean windows : new boolean[] {true, false}) {
                Feed whole = feed(windows, mixed(), seed);
                List<String> states = new ArrayList<>();
                List<List<Object>> passes = new ArrayList<>();
                for (int i = 0; i < 400; i++) {
                    states.add(JSON.writeValueAsString(whole.position()));
                    passes.add(content(whole.next()));
                }
                Random random = new Random(seed);
                for (int stop : new int[] {0, 1, 399, random.nextInt(400), random.nextInt(400), random.nextInt(400)}) {
                    Feed resumed = feed(windows, mixed(), seed);
                    resumed.seek(JSON.readValue(states.get(stop), Feed.State.class));
                    assertThat(JSON.writeValueAsString(resumed.position())).isEqualTo(states.get(stop));
                    for (int i = stop; i < Math.min(400, stop + 60); i++) {
                        assertThat(content(resumed.next()))
                                .as("seed %d, windows %s, stopped at %d, pass %d", seed, windows, stop, i)
                                .isEqualTo(passes.get(i));
                    }
                }
                assertThat(content(feed(windows, mixed(), seed + 100).next())).isNotEqualTo(passes.getFirst());
            }
        }
    }

    @Test
    void inWindowsEveryTokenBehindAFirstIsPredictedOncePerEpochAndPassesAreFull() {
        for (long seed = 0; seed < 4; seed++) {
            for (int sequence : new int[] {1, 7, 96, 250}) {
                Feed feed = Feed.windows(List.of(new Feed.Source(documents, 1)), sequence, MICRO, seed);
                long epoch = documents.tokens() - documents.examples();
                assertThat(feed.rows()).isEqualTo(epoch);
                Set<String> seen = new HashSet<>();
                List<Long> order = new ArrayList<>();
                long rows = 0;
                for (int epochs = 0; epochs < 3; ) {
                    List<Piece> pieces = ((WindowFeed) feed).nextPass();
                    Packed pass = Packed.of(pieces);
                    assertThat(pass.batch().rows()).isEqualTo(MICRO);
                    // Text is learned whole: each row has its target, at a cut too.
                    assertThat(pass.targets()).hasSize(MICRO);
                    int row = 0;
                    for (Piece piece : pieces) {
                        assertThat(piece.rows()).isBetween(1, sequence);
                        int[] tokens = documents.tokens(piece.example());
                        for (int i = 0; i < piece.rows(); i++, row++, rows++) {
                            int at = Math.toIntExact(piece.from()) + i;
                            assertThat(pass.batch().tokens()[row]).isEqualTo(tokens[at]);
                            assertThat(pass.batch().positions()[row]).isEqualTo(i);
                            assertThat(pass.targets()[row]).isEqualTo(tokens[at + 1]);
                            assertThat(seen.add(piece.example() + ":" + at))
                                    .as("seed %d, sequence %d: %s is predicted once per epoch", seed, sequence, piece)
                                    .isTrue();
                            if (at == 0) {
                                order.add(piece.example());
                            }
                            if (rows + 1 == (epochs + 1L) * epoch) {
                                assertThat(seen).hasSize((int) epoch);
                                seen.clear();
                                epochs++;
                            }
                        }
                    }
                }
                int n = (int) documents.examples();
                assertThat(order.subList(0, n)).isNotEqualTo(order.subList(n, 2 * n));
            }
        }
    }

    @Test
    void examplesAreWholeComeOncePerEpochAndFitThePass() {
        Feed feed = Feed.examples(List.of(new Feed.Source(chats, 1)), 256, TooLong.refuse, 256, 5);
        for (int epoch = 0; epoch < 3; epoch++) {
            Set<Long> seen = new HashSet<>();
            while (seen.size() < chats.examples()) {
                List<Piece> pieces = ((ExampleFeed) feed).nextPass();
                Packed pass = Packed.of(pieces);
                assertThat(pass.batch().rows()).isLessThanOrEqualTo(256);
                int targets = 0;
                for (Piece piece : pieces) {
                    assertThat(seen.add(piece.example())).isTrue();
                    assertThat(piece.rows()).isEqualTo((int) chats.length(piece.example()) - 1);
                    boolean[] learned = chats.learned(piece.example());
                    for (int i = 1; i < learned.length; i++) {
                        targets += learned[i] ? 1 : 0;
                    }
                }
                assertThat(pass.targets()).hasSize(targets);
            }
        }
    }

    /** Bounds of first-fit decreasing and of the simplest packing, over the same examples. */
    @Test
    void passesAreWellFilledAndLengthsAreNotSortedOverThem() {
        Feed feed = Feed.examples(List.of(new Feed.Source(chats, 1)), 128, TooLong.cut, 256, 5);
        List<Integer> longest = new ArrayList<>();
        long rows = 0;
        long seen = 0;
        while (seen < chats.examples()) {
            List<Piece> pieces = ((ExampleFeed) feed).nextPass();
            seen += pieces.size();
            rows += pieces.stream().mapToInt(Piece::rows).sum();
            longest.add(pieces.stream().mapToInt(Piece::rows).max().orElseThrow());
        }
        assertThat((double) rows / (256.0 * longest.size())).isGreaterThan(0.95);
        int falls = 0;
        for (int i = 1; i < longest.size(); i++) {
            falls += longest.get(i) < longest.get(i - 1) ? 1 : 0;
        }
        assertThat(falls).isBetween(longest.size() / 4, 3 * longest.size() / 4);
    }

    @Test
    void sharesAreTheWeights() {
        List<Feed.Source> sources = mixed();
        double[] weights = {0.25, 0.125, 0.625};
        for (long seed = 0; seed < 5; seed++) {
            Map<TokenStore, Long> rows = new HashMap<>();
            WindowFeed windows = (WindowFeed) Feed.windows(sources, 64, 256, seed);
            int sequences = 4 * 2000;
            for (int i = 0; i < 2000; i++) {
                windows.nextPass().forEach(p -> rows.merge(p.store(), (long) p.rows(), Long::sum));
            }
            ExampleFeed examples = (ExampleFeed) Feed.examples(sources, 512, TooLong.refuse, 512, seed);
            Map<TokenStore, Long> drawn = new HashMap<>();
            long all = 0;
            while (all < 8000) {
                for (Piece piece : examples.nextPass()) {
                    drawn.merge(piece.store(), 1L, Long::sum);
                    all++;
                }
            }
            for (int d = 0; d < weights.length; d++) {
                double deviation = Math.sqrt(weights[d] * (1 - weights[d]) / 8000);
                TokenStore store = sources.get(d).store();
                assertThat(rows.get(store) / (64.0 * sequences))
                        .as("windows, seed %d, dataset %d", seed, d)
                        .isBetween(weights[d] - 5 * deviation, weights[d] + 5 * deviation);
                assertThat((double) drawn.get(store) / all)
                        .as("examples, seed %d, dataset %d", seed, d)
                        .isBetween(weights[d] - 5 * deviation, weights[d] + 5 * deviation);
            }
        }
    }

    /** A step takes passes until it has its tokens; so many of these steps hold the epochs' rows. */
    @Test
    void stepsAreAsManyAsTheEpochsTake() {
        for (boolean windows : new boolean[] {true, false}) {
            for (double epochs : new double[] {0.5, 1, 3}) {
                Feed feed = feed(windows, List.of(new Feed.Source(chats, 1)), 4);
                long expected = 0;
                long rows = 0;
                while (rows < epochs * feed.rows()) {
                    expected++;
                    for (long step = 0; step < 900; ) {
                        int count = feed.next().batch().rows();
                        step += count;
                        rows += count;
                    }
                }
                long steps =
                        feed(windows, List.of(new Feed.Source(chats, 1)), 4).steps(epochs, 900);
                assertThat(steps)
                        .as("windows %s, epochs %s", windows, epochs)
                        .isBetween(expected - (windows ? 0 : 1), expected + (windows ? 0 : 1));
            }
        }
    }

    @Test
    void examplesThatAreTooLongAreRefusedDroppedOrCut() {
        int limit = 40;
        long tooLong = 0;
        long first = -1;
        for (long i = 0; i < chats.examples(); i++) {
            if (chats.length(i) > limit) {
                tooLong++;
                first = first < 0 ? i : first;
            }
        }
        assertThat(tooLong).isPositive();
        List<Feed.Source> sources = List.of(new Feed.Source(chats, 1));
        assertThatThrownBy(() -> Feed.examples(sources, limit, TooLong.refuse, MICRO, 1))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("chats.jsonl:" + (first + 1) + ": the example is " + chats.length(first)
                        + " tokens long; the recipe's sequence allows 40. " + tooLong
                        + " of the dataset's 500 examples are longer; set sequence to at least " + chats.longest());
        Feed dropping = Feed.examples(sources, limit, TooLong.drop, MICRO, 1);
        assertThat(dropping.notices())
                .containsExactly("dataset d: " + tooLong
                        + " of the dataset's 500 examples are longer than 40 tokens and passed over");
        Set<Long> seen = new HashSet<>();
        long rows = 0;
        while (rows < dropping.rows()) {
            for (Piece piece : ((ExampleFeed) dropping).nextPass()) {
                seen.add(piece.example());
                rows += piece.rows();
                assertThat(chats.length(piece.example())).isLessThanOrEqualTo(limit);
            }
        }
        assertThat(rows).isEqualTo(dropping.rows());
        assertThat(seen).hasSize((int) (chats.examples() - tooLong));
        Feed cutting = Feed.examples(sources, limit, TooLong.cut, MICRO, 1);
        assertThat(cutting.notices().getFirst()).endsWith("are longer than 40 tokens and cut there");
        rows = 0;
        for (int seenCut = 0; seenCut < chats.examples(); ) {
            for (Piece piece : ((ExampleFeed) cutting).nextPass()) {
                seenCut++;
                rows += piece.rows();
                assertThat(piece.rows()).isEqualTo((int) Math.min(chats.length(piece.example()), limit) - 1);
            }
        }
        assertThat(rows).isEqualTo(cutting.rows());
    }

    @Test
    void whatCannotBeAPositionOrAFeedIsRefused() throws Exception {
        Feed windows = feed(true, mixed(), 1);
        Feed.Cursor start = new Feed.Cursor(0, 0);
        assertThatThrownBy(() -> windows.seek(new Feed.State(3, List.of(start), 0)))
                .hasMessageContaining("the position is in 1 datasets and there are 3");
        assertThatThrownBy(() -> windows.seek(new Feed.State(3, List.of(start, new Feed.Cursor(0, 99_999), start), 0)))
                .hasMessageContaining("belongs to other data");
        assertThatThrownBy(() -> windows.seek(new Feed.State(3, List.of(start, start, start), 2)))
                .hasMessageContaining("one of another packing");
        assertThatThrownBy(() -> feed(false, mixed(), 1).seek(new Feed.State(0, List.of(start, start, start), 9999)))
                .hasMessageContaining("pass 9999 is not among the");
        assertThatThrownBy(() -> feed(true, List.of(), 1)).hasMessageContaining("there is no dataset");
        assertThatThrownBy(() -> feed(true, List.of(new Feed.Source(few, 0)), 1))
                .hasMessageContaining("weight is 0.0; it must be above 0");
        TokenStore late = data.open(
                data.file("late.jsonl", "{\"tokens\":[1,2,3,4,5,6],\"labels\":[-100,-100,-100,-100,-100,6]}"),
                Format.tokens);
        Feed cut = Feed.examples(List.of(new Feed.Source(late, 1)), 4, TooLong.cut, 8, 1);
        assertThatThrownBy(cut::next).hasMessageContaining("nothing is learned in sequences of 4 tokens");
        assertThatThrownBy(() -> Feed.examples(List.of(new Feed.Source(late, 1)), 4, TooLong.drop, 8, 1))
                .hasMessageContaining(
                        "all examples are longer than the recipe's sequence, 4 tokens; the longest has 6");
    }

    @Test
    void heldOutPassesHoldTheFirstExamplesInOrder() {
        HeldOut held = new HeldOut(List.of(chats, documents), 20, SEQUENCE, TooLong.cut, MICRO);
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            expected.add((int) Math.min(SEQUENCE, chats.length(i)) - 1);
        }
        for (int taken = 0, i = 0; taken < 20; i++) {
            for (long left = documents.length(i) - 1; left > 0 && taken < 20; taken++, left -= SEQUENCE) {
                expected.add((int) Math.min(SEQUENCE, left));
            }
        }
        for (int iteration = 0; iteration < 2; iteration++) {
            List<Integer> rows = new ArrayList<>();
            for (Packed pass : held) {
                assertThat(pass.batch().rows()).isLessThanOrEqualTo(MICRO);
                pass.batch().spans().forEach(span -> rows.add(span.rows()));
            }
            assertThat(rows).isEqualTo(expected);
        }
    }
}
