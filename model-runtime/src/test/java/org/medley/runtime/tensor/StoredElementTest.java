package org.medley.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoredElementTest {
    /** Values decoded by the gguf package (src/test/golden/make_blocks_golden.py). */
    @ParameterizedTest
    @EnumSource(names = {"Q8", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void blocksDecodeToTheGoldenValues(DType dtype) throws Exception {
        JsonNode golden = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/blocks.json").toFile())
                .get(dtype.label());
        byte[] bytes = HexFormat.of().parseHex(golden.get("bytes").asText());
        assertThat(golden.get("values")).hasSize(3 * dtype.blockElements());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            for (int i = 0; i < golden.get("values").size(); i++) {
                assertThat(StoredElement.get(dtype, data.address(), i))
                        .as("element %d", i)
                        .isEqualTo((float) golden.get("values").get(i).asDouble());
            }
        }
    }

    /** Whole blocks, element after element in the order in which ggml's own loops go through them. */
    @ParameterizedTest
    @EnumSource(names = {"Q8", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void randomBlocksDecodeAsWhole(DType dtype) {
        long seed = 31;
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined()) {
            int blocks = 40;
            byte[] bytes = new byte[blocks * dtype.blockBytes()];
            random.nextBytes(bytes);
            MemorySegment data = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            Tensor tensor = new Tensor(dtype, new int[] {2, blocks / 2 * dtype.blockElements()}, data);
            float[] values = tensor.toArray();
            for (int b = 0; b < blocks; b++) {
                ByteBuffer block = ByteBuffer.wrap(bytes, b * dtype.blockBytes(), dtype.blockBytes())
                        .slice()
                        .order(ByteOrder.LITTLE_ENDIAN);
                float[] expected = WholeBlocks.decode(dtype, block);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(Float.floatToIntBits(values[b * expected.length + i]))
                            .as("seed %d, block %d, element %d", seed, b, i)
                            .isEqualTo(Float.floatToIntBits(expected[i]));
                }
            }
        }
    }

    @Test
    void singleBytesDecodeByTheirFormat() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4);
            data.set(ValueLayout.JAVA_BYTE, 1, (byte) 0xb9);
            assertThat(new Tensor(DType.I8, new int[] {4}, data).get(1)).isEqualTo(-71f);
            assertThat(new Tensor(DType.F8_E4M3, new int[] {4}, data).get(1)).isEqualTo(-1.125f);
            assertThat(new Tensor(DType.F8_E5M2, new int[] {4}, data).get(1)).isEqualTo(-0.625f);
        }
    }

    @Test
    void scalesMultiplyTheirBlocks() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor codes = new Tensor(DType.I8, new int[] {3, 5}, arena.allocate(15));
            for (int i = 0; i < 15; i++) {
                codes.data().set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
            }
            Scales scales = new Scales(Tensor.of(arena, new float[] {1, 10, 100, 2, 20, 200}, 2, 3), 2, 2);
            Tensor scaled = codes.scaled(scales);
            assertThat(scaled.toArray()).containsExactly(1, 2, 30, 40, 500, 6, 7, 80, 90, 1000, 22, 24, 260, 280, 3000);
            assertThat(scaled.slice(2, 1).toArray()).containsExactly(22, 24, 260, 280, 3000);
            assertThatThrownBy(() -> scaled.slice(1, 1)).hasMessageContaining("inside a block of 2 rows");
            Scales whole = new Scales(Tensor.of(arena, new float[] {3}, 1, 1), 3, 5);
            assertThat(codes.scaled(whole).slice(1, 2).get(0)).isEqualTo(18f);
            Scales tooFew = new Scales(Tensor.of(arena, new float[] {1, 2}, 1, 2), 2, 2);
            assertThatThrownBy(() -> codes.scaled(tooFew))
                    .hasMessage("scales [1, 2] for blocks of 2 x 2 do not fit tensor I8[3, 5]");
        }
    }

    @Test
    void rowsThatDoNotFillBlocksAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(34);
            assertThatThrownBy(() -> new Tensor(DType.Q8, new int[] {2, 16}, data))
                    .hasMessageContaining("do not fill whole blocks of 32");
        }
    }
}
