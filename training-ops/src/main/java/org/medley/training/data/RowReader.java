package org.medley.training.data;

import java.io.IOException;
import java.nio.file.Files;
import org.medley.runtime.digest.Sha256;

/** The records of one file in order, in memory that its size does not decide. */
interface RowReader extends AutoCloseable {
    /** The largest record, in bytes. */
    int MAX_RECORD = 64 << 20;

    /** The next record, or null after the last. */
    Row next() throws IOException;

    /** How much of the file is read, in bytes. */
    long position();

    @Override
    void close() throws IOException;

    /** @param hash gets all bytes of the file, at the latest when the last record was read */
    static RowReader open(Shard shard, Format format, Sha256 hash) throws IOException {
        try {
            return switch (shard.kind()) {
                case JSONL -> new LineReader(shard.file(), hash.reading(Files.newInputStream(shard.file())));
                case TEXT -> new PassageReader(shard.file(), hash.reading(Files.newInputStream(shard.file())));
                case PARQUET -> {
                    hash.add(shard.file());
                    yield new ParquetRows(shard, format);
                }
            };
        } catch (IOException e) {
            throw Shard.unreadable(shard.file(), e);
        }
    }
}
