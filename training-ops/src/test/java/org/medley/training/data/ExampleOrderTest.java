package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.training.recipe.BadRecipeException;

class ExampleOrderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path home;

    private DataFixture data;
    private TokenStore pairs;
    private TokenStore prompts;

    @BeforeEach
    void open() throws Exception {
        data = new DataFixture(home);
        StringBuilder pairLines = new StringBuilder();
        StringBuilder promptLines = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            String messages = "{\"messages\":[" + DataFixture.turn("user", "question " + i) + "]";
            // Every fifth pair has a long rejected answer.
            pairLines
                    .append(messages)
                    .append(",\"chosen\":\"c\",\"rejected\":\"")
                    .append("no ".repeat(i % 5 == 0 ? 200 : 1))
                    .append("\"}\n");
            promptLines.append(messages).append(",\"answer\":").append(i).append("}\n");
        }
        pairs = data.open(data.file("pairs.jsonl", pairLines.toString()), Format.pairs);
        prompts = data.open(data.file("prompts.jsonl", promptLines.toString()), Format.prompts);
    }

    @AfterEach
    void close() {
        data.close();
    }

    @Test
    void pairsComeTogetherOncePerEpochAndThoseWithALongAnswerAreDropped() {
        ExampleOrder order = new ExampleOrder(List.of(new Feed.Source(pairs, 1)), 100, TooLong.drop, 3);
        assertThat(order.notices()).hasSize(1);
        for (int epoch = 0; epoch < 3; epoch++) {
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 40; i++) {
                List<Piece> pair = order.next().pieces();
                assertThat(pair).hasSize(2);
                long chosen = pair.getFirst().example();
                assertThat(chosen % 2).isZero();
                assertThat(pair.get(1).example()).isEqualTo(chosen + 1);
                assertThat(chosen / 2 % 5).isNotZero();
                assertThat(pair.get(1).rows()).isEqualTo((int) pairs.length(chosen + 1) - 1);
                assertThat(seen.add(chosen)).isTrue();
            }
        }
        assertThatThrownBy(() -> new ExampleOrder(List.of(new Feed.Source(pairs, 1)), 100, TooLong.refuse, 3))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("pairs.jsonl:1: the example is ");
    }

    @Test
    void anOrderGoesOnWhereItWas() throws Exception {
        for (long seed = 0; seed < 4; seed++) {
            List<Feed.Source> sources = List.of(new Feed.Source(prompts, 1), new Feed.Source(pairs, 3));
            ExampleOrder whole = new ExampleOrder(sources, 100, TooLong.drop, seed);
            List<String> states = new ArrayList<>();
            List<List<Piece>> drawn = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                states.add(JSON.writeValueAsString(whole.position()));
                drawn.add(whole.next().pieces());
            }
            for (int stop : new int[] {1, 49, 50, 177, 299}) {
                ExampleOrder resumed = new ExampleOrder(sources, 100, TooLong.drop, seed);
                resumed.seek(JSON.readValue(states.get(stop), Feed.State.class));
                for (int i = stop; i < 300; i++) {
                    assertThat(resumed.next().pieces())
                            .as("seed %d, %d", seed, i)
                            .isEqualTo(drawn.get(i));
                }
            }
        }
    }

    @Test
    void aPromptIsNeverCutAndNeitherPromptsNorPairsAreFedAsTexts() {
        List<Feed.Source> sources = List.of(new Feed.Source(prompts, 1));
        assertThatThrownBy(() -> new ExampleOrder(sources, 5, TooLong.cut, 1))
                .hasMessageContaining("prompts.jsonl:1: the prompt is")
                .hasMessageContaining("a prompt without its end asks nothing");
        for (TokenStore store : List.of(prompts, pairs)) {
            assertThatThrownBy(() -> Feed.windows(List.of(new Feed.Source(store, 1)), 64, 64, 1))
                    .hasMessageContaining("holds " + store.format() + ", which are not learned as texts are");
        }
    }
}
