package org.medley.training.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewardTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @SuppressWarnings("unchecked")
    private static double judge(String kind, String settings, String record, String answer) throws Exception {
        Map<String, Object> values = JSON.readValue(settings, Map.class);
        JsonNode prompt = JSON.readTree(record);
        try (Reward reward = RewardKinds.named(kind).make(new RewardSettings(values), name -> null)) {
            return reward.judge(List.of(new Answer(prompt, answer, true)))[0];
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "exact | {} | {\"answer\": \"Paris\"} | Paris | 1",
                "exact | {} | {\"answer\": \"Paris\"} | ~ Paris\n~ | 1",
                "exact | {} | {\"answer\": \"Paris\"} | paris | 0",
                "exact | {\"ignoreCase\": true} | {\"answer\": \"Paris\"} | paris | 1",
                "exact | {\"pattern\": \"is (\\\\w+)\"} | {\"answer\": \"Paris\"} | It is Paris, of course | 1",
                "exact | {\"field\": \"city\"} | {\"city\": \"Paris\"} | London | 0",
                "numeric | {} | {\"answer\": 42} | 6 times 7 is 42. | 1",
                "numeric | {} | {\"answer\": \"42\"} | 42 or rather 43 | 0",
                "numeric | {} | {\"answer\": -2.5} | it is -2.50 | 1",
                "numeric | {} | {\"answer\": 1e3} | 1000 | 1",
                "numeric | {\"relative\": 0.01} | {\"answer\": 100} | 100.9 | 1",
                "numeric | {\"relative\": 0.01} | {\"answer\": 100} | 101.1 | 0",
                "numeric | {} | {\"answer\": 42} | no number | 0",
                "schema | {\"schema\": {\"type\": \"integer\"}} | {} | 17 | 1",
                "schema | {\"schema\": {\"type\": \"integer\"}} | {} | seventeen | 0",
                "schema | {} | {\"schema\": {\"type\":\"object\",\"required\":[\"a\"]}} | {\"a\": [1, 2]} | 1",
                "schema | {} | {\"schema\": {\"type\":\"object\",\"required\":[\"a\"]}} | {\"b\": 1} | 0",
                "schema | {} | {\"schema\": {\"type\":\"object\"}} | {\"b\": 1 | 0",
            })
    void judges(String kind, String settings, String record, String answer, double expected) throws Exception {
        assertThat(judge(kind, settings, record, answer)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "exact | {\"pattern\": \"no group\"} | pattern has no group in parentheses",
                "exact | {\"pattern\": \"(\"} | pattern is no regular expression",
                "exact | {\"field\": 3} | field is 3; a text is needed",
                "numeric | {\"relative\": -1} | relative is -1.0; 0.0 to 1.0 is possible",
                "schema | {\"schema\": {\"type\": \"colour\"}} | 'type' has to be one of",
                "judge | {} | model is missing",
            })
    void settingsThatMakeNoSenseAreRefused(String kind, String settings, String message) throws Exception {
        @SuppressWarnings("unchecked")
        Map<String, Object> values = JSON.readValue(settings, Map.class);
        assertThatThrownBy(() -> RewardKinds.named(kind).check(new RewardSettings(values)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "exact | {} | a prompt has no \"answer\" to compare answers with",
                "numeric | {\"answer\": \"many\"} | a prompt's \"answer\" is no number; one is needed",
                "schema | {} | a prompt has no \"schema\"",
            })
    void promptsWithoutWhatIsNeededAreRefused(String kind, String record, String message) {
        assertThatThrownBy(() -> judge(kind, "{}", record, "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message.strip());
    }
}
