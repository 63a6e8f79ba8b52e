package org.medley.training.data;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** Unpacks pages without Hadoop's codecs. */
final class ParquetCodecs implements CompressionCodecFactory {
    static final Set<CompressionCodecName> POSSIBLE = EnumSet.of(
            CompressionCodecName.UNCOMPRESSED,
            CompressionCodecName.SNAPPY,
            CompressionCodecName.ZSTD,
            CompressionCodecName.GZIP);
    /** Some writers make a column chunk one page; more than this is damage. */
    private static final int MAX_PAGE = 1 << 30;

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
        return new Decompressor(codec);
    }

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
        throw new UnsupportedOperationException("Parquet is read here, not written");
    }

    @Override
    public void release() {}

    private record Decompressor(CompressionCodecName codec) implements BytesInputDecompressor {
        @Override
        public BytesInput decompress(BytesInput bytes, int size) throws IOException {
            return codec == CompressionCodecName.UNCOMPRESSED
                    ? bytes
                    : BytesInput.from(unpack(bytes.toByteArray(), size));
        }

        @Override
        public void decompress(ByteBuffer input, int compressed, ByteBuffer output, int size) throws IOException {
            byte[] bytes = new byte[compressed];
            input.get(bytes);
            output.put(codec == CompressionCodecName.UNCOMPRESSED ? bytes : unpack(bytes, size));
        }

        private byte[] unpack(byte[] bytes, int size) throws IOException {
            if (size < 0 || size > MAX_PAGE) {
                throw new IOException("a page says that it has " + size + " bytes");
            }
            byte[] page = new byte[size];
            long count = switch (codec) {
                case SNAPPY -> {
                    if (Snappy.uncompressedLength(bytes) != size) {
                        yield -1;
                    }
                    yield Snappy.uncompress(bytes, 0, bytes.length, page, 0);
                }
                case ZSTD -> Zstd.decompress(page, bytes);
                case GZIP -> {
                    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                        yield in.readNBytes(page, 0, size);
                    }
                }
                default ->
                    throw new IOException(
                            "its pages are compressed with " + codec + "; write it with SNAPPY, ZSTD, GZIP or none");
            };
            if (count != size) {
                throw new IOException("a page of " + size + " bytes does not unpack to its length");
            }
            return page;
        }

        @Override
        public void release() {}
    }
}
