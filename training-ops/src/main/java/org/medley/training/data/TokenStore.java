package org.medley.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A dataset in a model's tokens, on disk and mapped: its size costs neither heap nor time when it is opened. Examples
 * have numbers from 0, in the data's order. Safe for use by several threads.
 *
 * <p>{@code tokens.bin} holds all examples' tokens, one behind the other, as {@link Marked} writes them, {@code index.bin}
 * where each starts and the last ends, {@code lines.bin} where each record stands in the data. Of prompts,
 * {@code records.bin} holds the records as they were. All little-endian.
 */
public final class TokenStore implements AutoCloseable {
    private final String name;
    private final Path source;
    private final Path folder;
    private final StoreInfo info;
    private final Arena arena = Arena.ofShared();
    private final Numbers tokens;
    private final Numbers index;
    private final Numbers lines;
    private final Numbers originals;
    private final Numbers originalIndex;

    private TokenStore(Source source, Path folder, StoreInfo info) throws IOException {
        this.name = source.name();
        this.source = source.path();
        this.folder = folder;
        this.info = info;
        tokens = map("tokens.bin");
        index = map("index.bin");
        lines = map("lines.bin");
        boolean keeps = format() == Format.prompts;
        originals = keeps ? map("records.bin") : null;
        originalIndex = keeps ? map("records-index.bin") : null;
    }

    private Numbers map(String file) throws IOException {
        return Numbers.map(folder.resolve(file), arena);
    }

    /**
     * Opens the store of a dataset, and builds it first if the cache has none.
     *
     * @param cache folder of stores, which processes may share
     * @throws org.medley.training.recipe.BadRecipeException if a record is bad, or the data changes meanwhile
     */
    public static TokenStore open(Source source, Encoder encoder, Path cache, Progress progress) throws IOException {
        StoreCache.Found found = new StoreCache(cache).get(source, encoder, progress);
        return new TokenStore(source, found.folder(), found.info());
    }

    /** What the recipe calls the dataset. */
    public String name() {
        return name;
    }

    public Format format() {
        return info.settings().format();
    }

    /** Of the data's bytes; of a folder's, over names and hashes of its files. */
    public String sha256() {
        return info.sha256();
    }

    /** Lines, rows or files of the data; a pair is one. */
    public long records() {
        return info.records();
    }

    /** Examples; a pair is two. */
    public long examples() {
        return info.examples();
    }

    public long tokens() {
        return info.tokens();
    }

    /** Tokens that are predicted and learned. */
    public long learned() {
        return info.learned();
    }

    /** Tokens of the longest example. */
    public long longest() {
        return info.longest();
    }

    Path folder() {
        return folder;
    }

    /** Tokens of an example. */
    public long length(long example) {
        return index.longAt(example + 1) - index.longAt(example);
    }

    /** An example's token as {@link Marked}. */
    int marked(long example, long at) {
        return tokens.intAt(index.longAt(example) + at);
    }

    /** An example's tokens, which must fit an array. */
    public int[] tokens(long example) {
        int[] all = new int[Math.toIntExact(length(example))];
        for (int i = 0; i < all.length; i++) {
            all[i] = Marked.token(marked(example, i));
        }
        return all;
    }

    /** Which of an example's tokens are learned. */
    public boolean[] learned(long example) {
        boolean[] all = new boolean[Math.toIntExact(length(example))];
        for (int i = 0; i < all.length; i++) {
            all[i] = Marked.learned(marked(example, i));
        }
        return all;
    }

    /** The JSON object that a prompt was read from. */
    public JsonNode original(long example) {
        if (originals == null) {
            throw new IllegalStateException("dataset " + name + ": originals are kept of prompts only");
        }
        byte[] json = originals.bytes(originalIndex.longAt(example), originalIndex.longAt(example + 1));
        return Json.parse(json, place(example), false);
    }

    /** Where the record of an example stands in the data. */
    Place place(long example) {
        long packed = lines.longAt(example / format().examplesPerRecord());
        String file = info.files()
                .get(Math.toIntExact(packed >>> StoreWriter.LINE_BITS))
                .name();
        Path path = Files.isDirectory(source) ? source.resolve(file) : source;
        return new Place(path, packed & (1L << StoreWriter.LINE_BITS) - 1, file.endsWith(".parquet"));
    }

    @Override
    public void close() {
        arena.close();
    }
}
