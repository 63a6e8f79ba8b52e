package org.medley.search.retrieve;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.medley.runtime.embed.Embedder;
import org.medley.search.index.Passage;
import org.medley.search.index.PassageIndex;

/**
 * Finds passages by words (BM25) and by meaning (vectors) and fuses the two orders by reciprocal rank (Cormack et al.
 * 2009, k = 60), which needs no common scale. Equal scores are ordered by id, so that a query always gives one order.
 */
public final class HybridRetriever {
    private static final int RANK_CONSTANT = 60;
    private static final int DEPTH = 50;
    private static final float TITLE_BOOST = 2f;
    private static final int MAX_TERMS = 512;

    private final IndexSearcher searcher;
    private final Embedder embedder;
    /** Vectors of the latest queries: the same questions about a condition come again and again. */
    private final Map<String, float[]> vectors = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
            return size() > 1_000;
        }
    };

    private final Analyzer analyzer = new EnglishAnalyzer();

    public HybridRetriever(PassageIndex index, Embedder embedder) {
        this.searcher = new IndexSearcher(index.reader());
        this.embedder = embedder;
    }

    /** @param score sum over both orders of 1 / (60 + rank) */
    public record Hit(Passage passage, double score) {}

    /** The best {@code count} passages for a text, best first. */
    public List<Hit> find(String text, int count) throws IOException {
        Map<Integer, Double> scores = new HashMap<>();
        add(scores, searcher.search(words(text), DEPTH).scoreDocs);
        Query meaning = new KnnFloatVectorQuery(PassageIndex.VECTOR, vector(text), DEPTH);
        add(scores, searcher.search(meaning, DEPTH).scoreDocs);
        List<Hit> hits = new ArrayList<>();
        for (var entry : scores.entrySet()) {
            hits.add(new Hit(passage(entry.getKey()), entry.getValue()));
        }
        hits.sort(Comparator.comparingDouble(Hit::score)
                .reversed()
                .thenComparing(hit -> hit.passage().id()));
        return List.copyOf(hits.subList(0, Math.min(count, hits.size())));
    }

    private float[] vector(String text) {
        synchronized (vectors) {
            return vectors.computeIfAbsent(text, embedder::query);
        }
    }

    private static void add(Map<Integer, Double> scores, ScoreDoc[] found) {
        for (int rank = 0; rank < found.length; rank++) {
            scores.merge(found[rank].doc, 1.0 / (RANK_CONSTANT + rank + 1), Double::sum);
        }
    }

    private Passage passage(int document) throws IOException {
        Document stored = searcher.storedFields().document(document);
        return new Passage(
                stored.get(PassageIndex.ID),
                stored.get(PassageIndex.TITLE),
                stored.get(PassageIndex.SECTION),
                stored.get(PassageIndex.TEXT));
    }

    /** Every distinct word may match; words in titles count more. Built from terms, so no query syntax is interpreted. */
    private Query words(String text) throws IOException {
        Set<String> terms = new HashSet<>();
        try (TokenStream stream = analyzer.tokenStream(PassageIndex.TEXT, text)) {
            CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
            stream.reset();
            while (stream.incrementToken() && terms.size() < MAX_TERMS) {
                terms.add(term.toString());
            }
            stream.end();
        }
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        for (String term : terms) {
            query.add(new TermQuery(new Term(PassageIndex.TEXT, term)), BooleanClause.Occur.SHOULD);
            query.add(
                    new BoostQuery(new TermQuery(new Term(PassageIndex.TITLE, term)), TITLE_BOOST),
                    BooleanClause.Occur.SHOULD);
        }
        return query.build();
    }
}
