package org.medley.search.retrieve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.embed.Embedder;
import org.medley.search.index.Passage;
import org.medley.search.index.PassageIndex;

class HybridRetrieverTest {
    private static final List<Passage> PASSAGES = List.of(
            new Passage("a", "Pulmonary embolism", "presentation", "Sudden breathlessness and a fast heart rate."),
            new Passage("b", "Migraine", "presentation", "Throbbing headache with nausea."),
            new Passage("c", "Pneumonia", "presentation", "Fever and cough with purulent sputum."),
            new Passage("d", "Asthma", "presentation", "Wheeze and a tight chest at night."));

    @TempDir
    Path folder;

    /** Meaning in three directions: breath, head, and anything else. */
    private static final class Topics implements Embedder {
        private final AtomicInteger passages = new AtomicInteger();

        @Override
        public String id() {
            return "topics-1";
        }

        @Override
        public int dimensions() {
            return 3;
        }

        @Override
        public Embedded embed(List<String> texts, Reading reading) {
            passages.addAndGet(reading.side() == Side.DOCUMENT ? texts.size() : 0);
            return new Embedded(texts.stream().map(Topics::vector).toList(), texts.size());
        }

        private static float[] vector(String text) {
            String lower = text.toLowerCase(java.util.Locale.ROOT);
            boolean breath = lower.matches("(?s).*(breath|wheeze|dyspnoea|cough).*");
            boolean head = lower.matches("(?s).*(head|migraine).*");
            return breath ? new float[] {1, 0, 0} : head ? new float[] {0, 1, 0} : new float[] {0, 0, 1};
        }
    }

    private static List<String> ids(List<HybridRetriever.Hit> hits) {
        return hits.stream().map(hit -> hit.passage().id()).toList();
    }

    @Test
    void wordsAndMeaningBothFindAndTogetherRankHighest() throws Exception {
        Topics topics = new Topics();
        try (PassageIndex index = PassageIndex.open(folder, "v1", PASSAGES, topics)) {
            HybridRetriever retriever = new HybridRetriever(index, topics);
            assertThat(ids(retriever.find("sudden breathlessness", 1))).containsExactly("a");
            assertThat(ids(retriever.find("dyspnoea", 3)))
                    .as("by meaning alone")
                    .containsExactlyInAnyOrder("a", "c", "d");
            assertThat(ids(retriever.find("migraine", 1))).as("by its title").containsExactly("b");
            assertThat(retriever.find("purulent sputum cough", 4).getFirst().passage())
                    .isEqualTo(PASSAGES.get(2));
            assertThat(retriever.find("fever] OR (title:*", 2))
                    .as("query syntax is only words")
                    .hasSize(2);
            assertThat(retriever.find("wheeze", 4)).isEqualTo(retriever.find("wheeze", 4));
        }
    }

    @Test
    void anIndexIsMadeAnewExactlyWhenItsContentsChange() throws Exception {
        Topics topics = new Topics();
        PassageIndex.open(folder, "v1", PASSAGES, topics).close();
        PassageIndex.open(folder, "v1", PASSAGES, topics).close();
        assertThat(topics.passages).hasValue(PASSAGES.size());
        try (PassageIndex index = PassageIndex.open(folder, "v2", PASSAGES.subList(0, 2), topics)) {
            assertThat(topics.passages).hasValue(PASSAGES.size() + 2);
            assertThat(ids(new HybridRetriever(index, topics).find("fever", 10)))
                    .doesNotContain("c", "d");
        }
    }
}
