package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

class GgmlRepackTest {
    /** Values decoded by the gguf package (src/test/golden/make_blocks_golden.py). */
    @ParameterizedTest
    @CsvSource({"Q5_0, Q8, 0", "Q3_K, Q6_K, 0", "Q4_1, F16, 0.0005", "Q5_1, F16, 0.0005", "Q2_K, F16, 0.0005"})
    void valuesStayWhatTheyWere(GgmlType type, DType dtype, double relative) throws Exception {
        JsonNode golden = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/blocks.json").toFile())
                .get(type.name());
        byte[] bytes = HexFormat.of().parseHex(golden.get("bytes").asText());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stored = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            int[] shape = {3, type.blockElements};
            Tensor tensor = GgmlRepack.of(type, shape, stored, arena);
            assertThat(tensor.dtype()).isEqualTo(dtype);
            for (int i = 0; i < tensor.size(); i++) {
                double expected = golden.get("values").get(i).asDouble();
                assertThat((double) tensor.get(i))
                        .as("element %d", i)
                        .isCloseTo(expected, within(relative * Math.abs(expected) + relative * 1e-4));
            }
        }
    }
}
