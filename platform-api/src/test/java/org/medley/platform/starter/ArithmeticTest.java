package org.medley.platform.starter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArithmeticTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private List<JsonNode> written(String name) throws IOException {
        return Files.readAllLines(folder.resolve(name)).stream()
                .map(line -> {
                    try {
                        return JSON.readTree(line);
                    } catch (IOException e) {
                        throw new AssertionError(line, e);
                    }
                })
                .toList();
    }

    private static String question(JsonNode record) {
        return record.at("/messages/0/content").textValue();
    }

    private static int number(String spaced) {
        return Integer.parseInt(spaced.replace(" ", ""));
    }

    private static int sum(JsonNode record) {
        String[] parts = question(record).split(" \\+ ");
        return number(parts[0]) + number(parts[1]);
    }

    @Test
    void promptsHoldTheRightAnswerAndHeldOutSumsAreNotAmongThem() throws IOException {
        new Arithmetic(folder, 0.5, 1).write(20, 2);
        List<JsonNode> prompts = written("sums-prompts.jsonl");
        List<JsonNode> heldOut = written("sums-heldout.jsonl");
        assertThat(prompts).hasSize(320);
        assertThat(heldOut).hasSize(80);
        Set<String> questions = new HashSet<>();
        for (List<JsonNode> records : List.of(prompts, heldOut)) {
            for (JsonNode record : records) {
                assertThat(number(record.get("answer").textValue())).isEqualTo(sum(record));
                assertThat(questions.add(question(record))).isTrue();
            }
        }
    }

    @Test
    void aForgetfulTeacherIsWrongWhereSomethingIsCarriedAndOnlyThere() throws IOException {
        new Arithmetic(folder, 1, 1).write(30, 1);
        for (JsonNode chat : written("sums-chats.jsonl")) {
            String[] parts = question(chat).split(" \\+ ");
            boolean carried = number(parts[0]) % 10 + number(parts[1]) % 10 >= 10;
            int answer = number(chat.at("/messages/1/content").textValue());
            assertThat(answer).as(question(chat)).isEqualTo(carried ? sum(chat) - 10 : sum(chat));
        }
    }

    @Test
    void anAttentiveTeacherIsRight() throws IOException {
        new Arithmetic(folder, 0, 1).write(10, 3);
        for (JsonNode chat : written("sums-chats.jsonl")) {
            assertThat(number(chat.at("/messages/1/content").textValue())).isEqualTo(sum(chat));
        }
    }

    @Test
    void aShareOutsideOfZeroToOneIsRefused() {
        assertThatThrownBy(() -> new Arithmetic(folder, 1.5, 1)).hasMessageContaining("1.5");
    }
}
