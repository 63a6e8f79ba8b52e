package org.medley.training.data;

import java.io.IOException;
import java.nio.file.Path;
import org.medley.training.data.Encoder.Encoded;

/** Writes a store's files as rows come in order. */
final class StoreWriter implements AutoCloseable {
    /** A record's place is one number: its file's place among the files above, its line below. */
    static final int LINE_BITS = 40;

    private final NumberFile tokens;
    private final NumberFile index;
    private final NumberFile lines;
    private final NumberFile originals;
    private final NumberFile originalIndex;
    private boolean open;
    private long exampleStart;

    long examples;
    long tokenCount;
    long learned;
    long longest;
    long records;
    long originalBytes;

    StoreWriter(Path folder, Format format) throws IOException {
        tokens = new NumberFile(folder.resolve("tokens.bin"));
        index = new NumberFile(folder.resolve("index.bin"));
        lines = new NumberFile(folder.resolve("lines.bin"));
        boolean keeps = format == Format.prompts;
        originals = keeps ? new NumberFile(folder.resolve("records.bin")) : null;
        originalIndex = keeps ? new NumberFile(folder.resolve("records-index.bin")) : null;
        index.add(0L);
        if (keeps) {
            originalIndex.add(0L);
        }
    }

    void add(int shard, Row row, Encoded encoded) throws IOException {
        if (!open) {
            lines.add((long) shard << LINE_BITS | encoded.place().number());
            records++;
        }
        for (int i = 0; i < encoded.examples().size(); i++) {
            add(encoded.examples().get(i));
            open = encoded.goesOn() && i == encoded.examples().size() - 1;
            if (!open) {
                close(encoded.place());
            }
        }
        if (originals != null) {
            byte[] original = row.original();
            originals.add(original);
            originalBytes += original.length;
            originalIndex.add(originalBytes);
        }
    }

    private void add(int[] marked) throws IOException {
        tokens.add(marked);
        for (int i = 0; i < marked.length; i++) {
            boolean predicted = tokenCount + i > exampleStart;
            learned += predicted && Marked.learned(marked[i]) ? 1 : 0;
        }
        tokenCount += marked.length;
    }

    private void close(Place place) throws IOException {
        long length = tokenCount - exampleStart;
        if (length < 2) {
            throw place.refuse("holds nothing that the model's tokenizer knows");
        }
        index.add(tokenCount);
        examples++;
        longest = Math.max(longest, length);
        exampleStart = tokenCount;
    }

    void finish() throws IOException {
        for (NumberFile file : new NumberFile[] {tokens, index, lines, originals, originalIndex}) {
            if (file != null) {
                file.finish();
            }
        }
    }

    @Override
    public void close() throws IOException {
        tokens.close();
        index.close();
        lines.close();
        if (originals != null) {
            originals.close();
            originalIndex.close();
        }
    }
}
