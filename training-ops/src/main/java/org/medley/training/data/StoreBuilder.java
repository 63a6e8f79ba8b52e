package org.medley.training.data;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.medley.runtime.digest.Sha256;
import org.medley.training.data.Encoder.Encoded;
import org.medley.training.recipe.BadRecipeException;

/**
 * One pass over a dataset that makes a store of it. The calling thread reads and writes; records are parsed, checked and
 * tokenized beside it in batches, which are taken back in order.
 */
final class StoreBuilder {
    private static final int THREADS = 2;
    private static final int BATCHES_AHEAD = 4;
    private static final int BATCH_ROWS = 1024;
    private static final long BATCH_BYTES = 1 << 20;

    private final Source source;
    private final Encoder encoder;
    private final Progress progress;
    private final Deque<Batch> ahead = new ArrayDeque<>();

    /** Rows that are tokenized together, and how far the data was read behind them. */
    private record Batch(int shard, List<Row> rows, Future<List<Encoded>> encoded, long position) {}

    StoreBuilder(Source source, Encoder encoder, Progress progress) {
        this.source = source;
        this.encoder = encoder;
        this.progress = progress;
    }

    /** Writes the store's files into an empty folder. */
    StoreInfo build(Path folder, long now) throws IOException {
        List<String> hashes = new ArrayList<>();
        StoreWriter result;
        ExecutorService workers = Executors.newFixedThreadPool(
                THREADS, Thread.ofPlatform().name("tokenizer-", 0).daemon().factory());
        try (workers;
                StoreWriter writer = new StoreWriter(folder, source.format())) {
            try {
                long before = 0;
                for (int i = 0; i < source.shards().size(); i++) {
                    hashes.add(read(i, before, workers, writer));
                    before += source.shards().get(i).bytes();
                }
                drain(0, writer);
                writer.finish();
            } catch (Throwable e) {
                workers.shutdownNow();
                throw e;
            }
            result = writer;
        }
        source.checkUnchanged();
        if (result.learned == 0 && source.format() != Format.prompts) {
            throw Shard.refuse(
                    source.path(),
                    "nothing in the whole dataset is learned: every label behind a first token is " + Content.IGNORED);
        }
        return new StoreInfo(
                        encoder.settings(source.format()),
                        source.name(),
                        source.sha256(hashes),
                        result.examples,
                        result.tokenCount,
                        result.learned,
                        result.longest,
                        result.records,
                        result.originalBytes,
                        "",
                        0,
                        List.of())
                .foundAt(source, now);
    }

    /** @return the file's hash */
    private String read(int number, long before, ExecutorService workers, StoreWriter writer) throws IOException {
        Shard shard = source.shards().get(number);
        shard.checkUnchanged();
        long records = writer.records;
        Sha256 hash = new Sha256();
        try (RowReader reader = RowReader.open(shard, source.format(), hash)) {
            boolean more = true;
            while (more) {
                List<Row> rows = new ArrayList<>();
                more = fill(rows, reader, writer);
                Future<List<Encoded>> encoded = workers.submit(
                        () -> rows.stream().map(row -> encode(row)).toList());
                ahead.add(new Batch(number, rows, encoded, before + reader.position()));
                drain(BATCHES_AHEAD, writer);
            }
        }
        drain(0, writer);
        shard.checkUnchanged();
        if (writer.records == records) {
            throw Shard.refuse(shard.file(), "dataset is empty; it needs at least one line");
        }
        return hash.hex();
    }

    /** @return whether the file may have more rows */
    private boolean fill(List<Row> rows, RowReader reader, StoreWriter writer) throws IOException {
        long bytes = 0;
        try {
            while (rows.size() < BATCH_ROWS && bytes < BATCH_BYTES) {
                Row row = reader.next();
                if (row == null) {
                    return false;
                }
                rows.add(row);
                bytes += row.bytes();
            }
            return true;
        } catch (BadRecipeException e) {
            // Of several bad records the first is told of, and those before this one are not looked into yet.
            drain(0, writer);
            rows.forEach(this::encode);
            throw e;
        }
    }

    private Encoded encode(Row row) {
        try {
            return encoder.encode(row, source.format());
        } catch (BadRecipeException e) {
            throw e;
        } catch (RuntimeException e) {
            throw row.place().refuse("cannot be tokenized: " + e.getMessage(), e);
        }
    }

    private void drain(int most, StoreWriter writer) throws IOException {
        while (ahead.size() > most) {
            Batch batch = ahead.remove();
            List<Encoded> encoded = await(batch.encoded);
            for (int i = 0; i < encoded.size(); i++) {
                writer.add(batch.shard, batch.rows.get(i), encoded.get(i));
            }
            progress.read(batch.position, source.bytes());
        }
    }

    private static List<Encoded> await(Future<List<Encoded>> encoded) throws IOException {
        try {
            return encoded.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw new IllegalStateException("tokenizing failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a dataset was tokenized");
        }
    }
}
