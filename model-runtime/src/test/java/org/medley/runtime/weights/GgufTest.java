package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

class GgufTest {
    @TempDir
    Path folder;

    @AutoClose
    private final Arena arena = Arena.ofShared();

    @Test
    void metadataAndTensorsOfEveryWrittenKindAreReadBack() throws Exception {
        Path file = folder.resolve("a.gguf");
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("count", 7);
        metadata.put("large", 1L << 40);
        metadata.put("half", 0.5f);
        metadata.put("pi", Math.PI);
        metadata.put("yes", true);
        metadata.put("text", "žluťoučký 🐎");
        metadata.put("ints", new int[] {-1, 3});
        metadata.put("floats", new float[] {1.5f});
        metadata.put("texts", List.of("", "b"));
        float[] values = new float[3 * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * 37 % 101 - 50) / 25f;
        }
        Tensor source = Tensor.of(arena, values, 3, 64);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16, DType.Q8, DType.Q4_0)) {
            declared.put(dtype.label(), new SafetensorsWriter.Declared(dtype, 3, 64));
        }
        declared.put("vector", new SafetensorsWriter.Declared(DType.F32, 5));
        try (GgufWriter writer = new GgufWriter(file, metadata, declared)) {
            for (String name : declared.keySet()) {
                writer.write(name, name.equals("vector") ? Tensor.zeros(arena, 5) : source);
            }
            writer.finish();
        }
        Gguf read = Gguf.map(file, arena);
        assertThat(read.metadata().values())
                .containsOnly(
                        entry("count", 7L),
                        entry("large", 1L << 40),
                        entry("half", 0.5),
                        entry("pi", Math.PI),
                        entry("yes", true),
                        entry("text", "žluťoučký 🐎"),
                        entry("ints", List.of(-1L, 3L)),
                        entry("floats", List.of(1.5)),
                        entry("texts", List.of("", "b")));
        assertThat(read.tensors().keySet()).containsExactlyElementsOf(declared.keySet());
        declared.forEach((name, is) -> {
            Tensor tensor = read.tensors().get(name);
            assertThat(tensor.dtype()).isEqualTo(is.dtype());
            assertThat(tensor.shape()).containsExactly(is.shape());
            Tensor expected =
                    name.equals("vector") ? Tensor.zeros(arena, 5) : Formats.convert(source, is.dtype(), arena);
            assertThat(tensor.toArray()).containsExactly(expected.toArray());
        });
    }

    @Test
    void anUnfinishedWriteLeavesNothing() throws Exception {
        var declared = Map.of("a", new SafetensorsWriter.Declared(DType.F32, 2));
        try (GgufWriter writer = new GgufWriter(folder.resolve("a.gguf"), Map.of(), declared)) {
            assertThatThrownBy(writer::finish).hasMessageContaining("not written: [a]");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void formatsThatGgufHasNotAreRefused() {
        var declared = Map.of("a", new SafetensorsWriter.Declared(DType.F8_E4M3, 2));
        assertThatThrownBy(() -> new GgufWriter(folder.resolve("a.gguf"), Map.of(), declared))
                .hasMessage("tensor a is F8_E4M3, which GGUF has not");
    }

    /** Names as the gguf package has them (src/test/golden/make_gguf_golden.py), there and back. */
    @ParameterizedTest
    @EnumSource(GgufFamily.class)
    void tensorNamesAreLlamaCpps(GgufFamily family) throws Exception {
        JsonNode names = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/gguf-names.json").toFile())
                .get(family.name().toLowerCase(Locale.ROOT).replace("_", ""));
        assertThat(names).isNotEmpty();
        names.properties().forEach(name -> {
            String ours = name.getKey().replace(".experts.", ".experts.*.") + ".weight";
            String theirs = name.getValue().asText() + ".weight";
            assertThat(family.toGguf(ours)).isEqualTo(theirs);
            assertThat(family.toHuggingFace(theirs)).isEqualTo(ours);
        });
    }
}
