package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RopeFactorsTest {
    @ParameterizedTest
    @CsvSource({
        "8, 1, 4, 8192, 128",
        "32, 1, 4, 8192, 64",
        "8, 1, 4, 64, 12",
        "4, 1, 3, 4096, 128",
        "16, 2, 10, 8192, 128"
    })
    void parametersComeBackFromTheirDivisors(double factor, double low, double high, int context, int size) {
        ObjectNode scaling = JsonNodeFactory.instance
                .objectNode()
                .put("factor", factor)
                .put("low_freq_factor", low)
                .put("high_freq_factor", high)
                .put("original_max_position_embeddings", context);
        float[] divisors = RopeFactors.of(scaling, size, 500_000);
        assertThat(divisors).hasSize(size / 2).startsWith(1f).endsWith((float) factor);
        ObjectNode found = RopeFactors.parameters(divisors, 500_000);
        assertThat(found).isNotNull();
        assertThat(found.get("rope_type").asText()).isEqualTo("llama3");
        assertThat(found.get("high_freq_factor").asDouble()).isCloseTo(high / low, within(0.01));
        assertThat(found.get("original_max_position_embeddings").asInt()).isEqualTo((int) (context / low));
        float[] again = RopeFactors.of(found, size, 500_000);
        for (int i = 0; i < again.length; i++) {
            assertThat((double) again[i]).isCloseTo(divisors[i], within(1e-3 * divisors[i]));
        }
    }

    @Test
    void otherDivisorsHaveNoParameters() {
        assertThat(RopeFactors.parameters(new float[] {1, 3, 2, 5, 8}, 10_000)).isNull();
        assertThat(RopeFactors.parameters(new float[] {Float.NaN, 1}, 10_000)).isNull();
    }
}
