package org.medley.training.data;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.xerial.snappy.Snappy;

/** Writes Parquet files with parquet-java's own writer. */
final class ParquetFixture {
    static final String MESSAGES = "optional group messages (LIST) { repeated group list { optional group element {"
            + " optional binary role (STRING); optional binary content (STRING); } } }";

    private ParquetFixture() {}

    /** @param fill gets each row's number and fields */
    static Path write(Path file, CompressionCodecName codec, String schema, int rows, BiConsumer<Integer, Group> fill)
            throws IOException {
        Files.createDirectories(file.getParent());
        MessageType type =
                MessageTypeParser.parseMessageType("message row { " + schema + (schema.endsWith("}") ? " }" : "; }"));
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withConf(new PlainParquetConfiguration())
                .withType(type)
                .withCodecFactory(new Compressors())
                .withCompressionCodec(codec)
                .withRowGroupRowCountLimit(100)
                .withPageRowCountLimit(30)
                .build()) {
            for (int i = 0; i < rows; i++) {
                Group row = new SimpleGroup(type);
                fill.accept(i, row);
                writer.write(row);
            }
        }
        return file;
    }

    static void messages(Group row, List<String> rolesAndContents) {
        Group list = row.addGroup("messages");
        for (int i = 0; i < rolesAndContents.size(); i += 2) {
            Group turn = list.addGroup("list").addGroup("element");
            turn.append("role", rolesAndContents.get(i));
            turn.append("content", rolesAndContents.get(i + 1));
        }
    }

    private static final class Compressors implements CompressionCodecFactory {
        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            return new ParquetCodecs().getDecompressor(codec);
        }

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return new BytesInputCompressor() {
                @Override
                public BytesInput compress(BytesInput bytes) throws IOException {
                    byte[] page = bytes.toByteArray();
                    return BytesInput.from(
                            switch (codec) {
                                case UNCOMPRESSED -> page;
                                case SNAPPY -> Snappy.compress(page);
                                case ZSTD -> Zstd.compress(page);
                                case GZIP -> gzip(page);
                                // Not what LZ4 would make of it; it must be refused before it is unpacked.
                                default -> page;
                            });
                }

                @Override
                public CompressionCodecName getCodecName() {
                    return codec;
                }

                @Override
                public void release() {}
            };
        }

        private static byte[] gzip(byte[] page) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(page);
            }
            return bytes.toByteArray();
        }

        @Override
        public void release() {}
    }
}
