package org.medley.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.medley.runtime.text.ChatTemplate.Message;
import org.medley.runtime.weights.ModelSource;

class ChatTemplateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER = Path.of("src/test/resources/golden/templates");
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2025-03-04T15:06:07Z"), ZoneOffset.UTC);

    /** Every template with every conversation; expected texts are Jinja2's (src/test/golden/make_template_golden.py). */
    static Stream<Arguments> goldens() throws IOException {
        JsonNode golden = JSON.readTree(FOLDER.resolve("expected.json").toFile());
        List<Arguments> all = new ArrayList<>();
        golden.get("expected")
                .properties()
                .forEach(template -> template.getValue()
                        .properties()
                        .forEach(expected -> all.add(Arguments.of(
                                template.getKey(),
                                expected.getKey(),
                                golden.get("cases").get(expected.getKey()),
                                expected.getValue()))));
        return all.stream();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("goldens")
    void promptsAreJinja2s(String name, String conversation, JsonNode given, JsonNode expected) throws Exception {
        ChatTemplate template = new ChatTemplate(
                Files.readString(FOLDER.resolve(name + ".jinja")), new ModelSource.SpecialTokens("<s>", "</s>"), CLOCK);
        List<Map<String, Object>> messages = new ArrayList<>();
        given.get("messages").forEach(message -> messages.add(map(message)));
        Map<String, Object> options = new HashMap<>();
        if (given.has("enable_thinking")) {
            options.put("enable_thinking", given.get("enable_thinking").asBoolean());
        }
        boolean answer = given.get("add_generation_prompt").asBoolean();
        if (expected.has("text")) {
            assertThat(template.renderMaps(messages, given.get("tools"), answer, options))
                    .isEqualTo(expected.get("text").asText());
        } else {
            assertThatThrownBy(() -> template.renderMaps(messages, given.get("tools"), answer, options))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("chat template failed: ")
                    .satisfies(e -> {
                        String reason = expected.get("refused").asText();
                        if (!reason.startsWith("'list object'")) {
                            assertThat(e).hasMessageEndingWith(reason);
                        }
                    });
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(JsonNode node) {
        return JSON.convertValue(node, Map.class);
    }

    @Test
    void messagesCarryCallsAndTheirResults() throws Exception {
        JsonNode calls = JSON.readTree("""
                [{"id": "abcdef123", "type": "function",
                  "function": {"name": "get_weather", "arguments": "{\\"place\\": \\"Paris\\", \\"days\\": 2}"}}]""");
        JsonNode golden = JSON.readTree(FOLDER.resolve("expected.json").toFile());
        List<Message> messages = List.of(
                new Message("system", "Use tools."),
                new Message("user", "Weather in Paris?"),
                new Message("assistant", null, calls, null, null),
                new Message("tool", "{\"temperature\": 21.5}", null, "abcdef123", "get_weather"));
        JsonNode tools = golden.at("/cases/called/tools");
        for (String name : List.of("llama31", "qwen25", "qwen3", "mistral")) {
            ChatTemplate template = new ChatTemplate(
                    read(FOLDER.resolve(name + ".jinja")), new ModelSource.SpecialTokens("<s>", "</s>"), CLOCK);
            assertThat(template.render(messages, tools, true, Map.of()))
                    .as(name)
                    .isEqualTo(golden.at("/expected/" + name + "/called/text").asText());
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void argumentsThatAreNoObjectStayText() throws Exception {
        JsonNode calls = JSON.readTree("[{\"function\": {\"name\": \"f\", \"arguments\": \"{broken\"}}]");
        ChatTemplate template = new ChatTemplate("{{ messages[0].tool_calls[0].function.arguments }}");
        assertThat(template.render(List.of(new Message("assistant", null, calls, null, null)), false))
                .isEqualTo("{broken");
    }

    @Test
    void withoutATemplateItIsChatMl() {
        assertThat(new ChatTemplate(null).render(List.of(new Message("user", "Hi")), true))
                .isEqualTo("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    }

    @Test
    void aTemplateThatCannotBeParsedFailsWhenItIsUsed() {
        ChatTemplate template = new ChatTemplate("text\n{% frobnicate %}");
        assertThatThrownBy(() -> template.render(List.of(), true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("chat template failed: line 2: there is no statement 'frobnicate'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%d %b %Y | 04 Mar 2025",
                "%A, %-d. %B %y, %H:%M:%S | Tuesday, 4. March 25, 15:06:07",
                "%I:%M %p %j %F %% %Q | 03:06 PM 063 2025-03-04 % %Q"
            })
    void datesAreAsCHasThem(String format, String expected) {
        ChatTemplate template =
                new ChatTemplate("{{ strftime_now('" + format + "') }}", new ModelSource.SpecialTokens("", ""), CLOCK);
        assertThat(template.render(List.of(), false)).isEqualTo(expected);
    }
}
