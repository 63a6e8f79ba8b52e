package org.medley.search.index;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.medley.runtime.embed.Embedder;

/**
 * Passages on disk, by words and by meaning. An index carries the fingerprint of what it was made from, so that it is
 * made anew exactly when passages or embedder change; it becomes visible by Lucene's commit, whole or not at all.
 */
public final class PassageIndex implements AutoCloseable {
    public static final String ID = "id";
    public static final String TITLE = "title";
    public static final String SECTION = "section";
    public static final String TEXT = "text";
    public static final String VECTOR = "vector";
    private static final String FINGERPRINT = "fingerprint";

    private final Directory directory;
    private final DirectoryReader reader;

    private PassageIndex(Directory directory, DirectoryReader reader) {
        this.directory = directory;
        this.reader = reader;
    }

    /**
     * Opens the index in {@code folder}, making it first if it is absent or of another fingerprint.
     *
     * @param fingerprint of the passages, such as a hash over them
     */
    public static PassageIndex open(Path folder, String fingerprint, List<Passage> passages, Embedder embedder)
            throws IOException {
        Directory directory = FSDirectory.open(folder);
        String wanted = fingerprint + "/" + embedder.id();
        if (!wanted.equals(current(directory))) {
            build(directory, wanted, passages, embedder);
        }
        return new PassageIndex(directory, DirectoryReader.open(directory));
    }

    private static String current(Directory directory) throws IOException {
        if (!DirectoryReader.indexExists(directory)) {
            return null;
        }
        try (DirectoryReader reader = DirectoryReader.open(directory)) {
            return reader.getIndexCommit().getUserData().get(FINGERPRINT);
        }
    }

    private static void build(Directory directory, String wanted, List<Passage> passages, Embedder embedder)
            throws IOException {
        IndexWriterConfig config =
                new IndexWriterConfig(new EnglishAnalyzer()).setOpenMode(IndexWriterConfig.OpenMode.CREATE);
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (Passage passage : passages) {
                Document document = new Document();
                document.add(new StringField(ID, passage.id(), Field.Store.YES));
                document.add(new TextField(TITLE, passage.title(), Field.Store.YES));
                document.add(new StoredField(SECTION, passage.section()));
                document.add(new TextField(TEXT, passage.text(), Field.Store.YES));
                document.add(new KnnFloatVectorField(
                        VECTOR,
                        embedder.passage(passage.title() + ". " + passage.text()),
                        VectorSimilarityFunction.DOT_PRODUCT));
                writer.addDocument(document);
            }
            writer.setLiveCommitData(Map.of(FINGERPRINT, wanted).entrySet());
            writer.commit();
        }
    }

    public DirectoryReader reader() {
        return reader;
    }

    @Override
    public void close() throws IOException {
        reader.close();
        directory.close();
    }
}
