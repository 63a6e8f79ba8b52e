package org.medley.platform.evidence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.embed.Embedder;
import org.medley.search.index.Passage;
import org.medley.search.index.PassageIndex;
import org.medley.search.retrieve.HybridRetriever;

/** Looks up the evidence library. Several questions may be asked at once; each passage is given once. */
public final class EvidenceSearch implements AutoCloseable {
    private final PassageIndex index;
    private final HybridRetriever retriever;

    /** @param fingerprint of the library's contents */
    public EvidenceSearch(Path folder, EvidenceLibrary library, String fingerprint, Embedder embedder) {
        try {
            index = PassageIndex.open(folder, fingerprint, library.passages(), embedder);
        } catch (IOException e) {
            throw new UncheckedIOException("the evidence index at " + folder + " cannot be opened", e);
        }
        retriever = new HybridRetriever(index, embedder);
    }

    /** One question and how many passages it may bring. */
    public record Question(String text, int passages) {}

    /** The passages of all questions in order, none twice; a later question brings others instead of repeated ones. */
    public List<Passage> find(List<Question> questions) {
        Map<String, Passage> found = new LinkedHashMap<>();
        try {
            for (Question question : questions) {
                int wanted = found.size() + question.passages();
                for (HybridRetriever.Hit hit : retriever.find(question.text(), wanted)) {
                    if (found.size() < wanted) {
                        found.putIfAbsent(hit.passage().id(), hit.passage());
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the evidence index cannot be read", e);
        }
        return List.copyOf(found.values());
    }

    @Override
    public void close() {
        try {
            index.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the evidence index cannot be closed", e);
        }
    }
}
