package org.medley.training.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.medley.training.recipe.BadRecipeException;

/** The rows of a Parquet file as JSON objects. One row group's columns are in memory at a time, still compressed. */
final class ParquetRows implements RowReader {
    private final Path file;
    private final long bytes;
    private final ParquetFileReader reader;
    private final MessageType columns;
    private final long rowCount;
    private RecordReader<Group> records;
    private long left;
    private int group;
    private long row;

    ParquetRows(Shard shard, Format format) throws IOException {
        file = shard.file();
        bytes = shard.bytes();
        try {
            reader = ParquetFileReader.open(
                    new LocalInputFile(file),
                    ParquetReadOptions.builder(new PlainParquetConfiguration())
                            .withCodecFactory(new ParquetCodecs())
                            .build());
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
        try {
            columns = wanted(reader.getFileMetaData().getSchema(), format);
            reader.setRequestedSchema(columns);
            rowCount = reader.getRecordCount();
        } catch (RuntimeException e) {
            reader.close();
            throw e instanceof BadRecipeException refused ? refused : damaged(e);
        }
    }

    private BadRecipeException damaged(Exception e) {
        // Parquet's own words name its objects, and may repeat what a row says.
        return new BadRecipeException(
                file + (row > 0 ? ": row " + row : "") + ": cannot be read as Parquet, the file seems cut or damaged",
                e);
    }

    /** The columns that the format reads; a reward may read any. */
    private MessageType wanted(MessageType schema, Format format) {
        List<String> needed = switch (format) {
            case text -> List.of("text");
            case chat, prompts -> List.of("messages");
            case tokens -> List.of("tokens");
            case pairs -> List.of("messages", "chosen", "rejected");
        };
        for (String name : needed) {
            if (!schema.containsField(name)) {
                throw Shard.refuse(
                        file,
                        "has no column \"" + name + "\", which the format " + format + " needs; its columns are "
                                + schema.getFields().stream().map(Type::getName).collect(Collectors.joining(", ")));
            }
        }
        if (format == Format.prompts) {
            return schema;
        }
        List<String> read = new ArrayList<>(needed);
        if (format == Format.tokens && schema.containsField("labels")) {
            read.add("labels");
        }
        return new MessageType(
                schema.getName(), read.stream().map(schema::getType).toList());
    }

    @Override
    public Row next() throws IOException {
        try {
            while (left == 0) {
                if (group == reader.getRowGroups().size()) {
                    return null;
                }
                open(reader.getRowGroups().get(group++));
            }
            left--;
            row++;
            Group record = records.read();
            Place place = new Place(file, row, true);
            ObjectNode object = ParquetJson.object(record, columns, place);
            return new Row.Columns(place, object, ParquetJson.size(object));
        } catch (BadRecipeException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
    }

    private void open(BlockMetaData block) throws IOException {
        long size = 0;
        for (ColumnChunkMetaData chunk : block.getColumns()) {
            String column = chunk.getPath().toArray()[0];
            if (!columns.containsField(column)) {
                continue;
            }
            if (!ParquetCodecs.POSSIBLE.contains(chunk.getCodec())) {
                throw Shard.refuse(
                        file,
                        "column \"" + column + "\" is compressed with " + chunk.getCodec()
                                + "; write the file with SNAPPY, ZSTD, GZIP or none");
            }
            size += chunk.getTotalSize();
        }
        long possible = Runtime.getRuntime().maxMemory() / 2;
        if (size > possible) {
            throw Shard.refuse(
                    file,
                    "row group " + group + " has " + size + " bytes and this process room for " + possible
                            + "; write the file in smaller row groups, or give Java more heap (-Xmx)");
        }
        PageReadStore pages = reader.readNextRowGroup();
        left = pages.getRowCount();
        records = new ColumnIOFactory().getColumnIO(columns).getRecordReader(pages, new GroupRecordConverter(columns));
    }

    /** Rows of the file. */
    long count() {
        return rowCount;
    }

    @Override
    public long position() {
        return rowCount == 0 ? bytes : (long) (bytes * ((double) row / rowCount));
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
