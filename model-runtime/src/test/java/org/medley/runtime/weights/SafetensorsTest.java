package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        Path file = folder.resolve("model.safetensors");
        try (Arena arena = Arena.ofShared()) {
            Tensor a = Tensor.of(arena, new float[] {1, -2, 3.5f, 0, 1e-3f, 7}, 2, 3);
            Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
            declared.put("a", new SafetensorsWriter.Declared(DType.F32, 2, 3));
            declared.put("b", new SafetensorsWriter.Declared(DType.BF16, 2, 3));
            try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of("made", "here"))) {
                writer.write("a", a);
                writer.write("b", a);
                writer.finish();
            }
            Safetensors read = Safetensors.map(file, arena);
            assertThat(read.metadata()).containsEntry("made", "here");
            assertThat(read.tensors().get("a").toArray()).containsExactly(a.toArray());
            assertThat(read.tensors().get("b").toArray()[2]).isEqualTo(3.5f);
        }
    }

    @Test
    void anUnfinishedWriteLeavesNothing() throws Exception {
        Path file = folder.resolve("model.safetensors");
        var declared = Map.of("a", new SafetensorsWriter.Declared(DType.F32, 2, 3));
        try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of())) {
            assertThatThrownBy(writer::finish).hasMessageContaining("not written: [a]");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{x | 8 | header is not valid JSON",
                "[] | 0 | header is not a JSON object",
                "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}} | 8 | dtype 'F33' is not one of",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}} | 0 | extent 0 is not a positive int",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | 8 | needs 12 native bytes, got 8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}} | 8 | leave the 8 bytes of data",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | 8 | leave the 8 bytes of data",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 12 | cut or padded file",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | 12 | inside the end of its predecessor",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,9],\"data_offsets\":[0,8]}} | 8 | tensor a: "
            })
    void brokenHeadersAreRefusedByName(String header, int data, String problem) throws Exception {
        Path file = folder.resolve("bad.safetensors");
        byte[] json = header.strip().getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .array());
        bytes.write(json);
        bytes.write(new byte[data]);
        Files.write(file, bytes.toByteArray());
        try (Arena arena = Arena.ofShared()) {
            assertThatThrownBy(() -> Safetensors.map(file, arena))
                    .isInstanceOf(BadModelException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining(problem.strip());
        }
    }

    @ParameterizedTest
    @CsvSource({"-1", "100000001", "9223372036854775807", "64"})
    void impossibleHeaderLengthsAreRefused(long length) throws Exception {
        Path file = folder.resolve("bad.safetensors");
        Files.write(
                file,
                ByteBuffer.allocate(40)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(length)
                        .array());
        try (Arena arena = Arena.ofShared()) {
            assertThatThrownBy(() -> Safetensors.map(file, arena))
                    .hasMessageContaining("does not fit a file of 40 bytes");
        }
    }
}
