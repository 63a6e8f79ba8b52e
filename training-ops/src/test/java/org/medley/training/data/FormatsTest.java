package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.digest.Sha256;
import org.medley.runtime.text.ChatTemplate;

class FormatsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path home;

    private DataFixture data;

    @BeforeEach
    void open() throws Exception {
        data = new DataFixture(home);
    }

    @AfterEach
    void close() {
        data.close();
    }

    private String learnedText(TokenStore store, long example) {
        int[] tokens = store.tokens(example);
        boolean[] learned = store.learned(example);
        StringBuilder text = new StringBuilder();
        int[] kept = new int[tokens.length];
        int count = 0;
        for (int i = 0; i < tokens.length; i++) {
            if (learned[i]) {
                kept[count++] = tokens[i];
            }
            if (count > 0 && (!learned[i] || i == tokens.length - 1)) {
                text.append('[')
                        .append(data.tokenizer.decode(Arrays.copyOf(kept, count), false))
                        .append(']');
                count = 0;
            }
        }
        return text.toString();
    }

    @Test
    void textIsTokenizedWholeEndsWithTheEndTokenAndIsAllLearned() throws Exception {
        Random random = new Random(3);
        List<String> texts = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            String text = DataFixture.text(random, 1 + random.nextInt(12));
            texts.add(text);
            lines.append("{\"id\":")
                    .append(i)
                    .append(",\"text\":")
                    .append(DataFixture.quoted(text))
                    .append("}\r\n");
            lines.append(i % 7 == 0 ? "\n" : "");
        }
        Path file = data.file("t.jsonl", lines.toString());
        TokenStore store = data.open(file, Format.text);
        assertThat(store.examples()).isEqualTo(3000);
        long tokens = 0;
        for (int i = 0; i < 3000; i++) {
            int[] body = data.tokenizer.encode(texts.get(i));
            int[] whole = Arrays.copyOf(body, body.length + 1);
            whole[body.length] = DataFixture.END;
            assertThat(store.tokens(i)).isEqualTo(whole);
            assertThat(store.learned(i)).doesNotContain(false);
            tokens += whole.length;
        }
        assertThat(store.tokens()).isEqualTo(tokens);
        assertThat(store.learned()).isEqualTo(tokens - 3000);
        assertThat(store.sha256()).isEqualTo(new Sha256().add(file).hex());
        // Line 2 is empty, so the second record is on line 3.
        assertThat(store.place(1)).hasToString(file + ":3");
    }

    /** What each prefix of the turns adds to the tokens is learned where the assistant says it. */
    @Test
    void ofChatsTheAssistantsTurnsWithTheirEndAreLearned() throws Exception {
        TokenStore store = data.chats("c", 400, 5);
        ChatTemplate template = new ChatTemplate(null);
        List<String> lines = Files.readAllLines(home.resolve("data/c.jsonl"));
        for (int i = 0; i < lines.size(); i++) {
            List<ChatTemplate.Message> turns = new ArrayList<>();
            boolean[] learned = new boolean[0];
            int[] tokens = {};
            for (JsonNode message : JSON.readTree(lines.get(i)).get("messages")) {
                boolean assistant = message.get("role").asText().equals("assistant");
                int before = assistant ? data.tokenizer.encode(template.render(turns, true)).length : tokens.length;
                turns.add(new ChatTemplate.Message(
                        message.get("role").asText(), message.get("content").asText()));
                tokens = data.tokenizer.encode(template.render(turns, false));
                int old = learned.length;
                learned = Arrays.copyOf(learned, tokens.length);
                Arrays.fill(learned, assistant ? before : old, learned.length, assistant);
            }
            assertThat(store.tokens(i)).isEqualTo(tokens);
            assertThat(store.learned(i)).as(lines.get(i)).isEqualTo(learned);
        }
    }

    @Test
    void turnsThatAreNotToBeLearnedAreNot() throws Exception {
        TokenStore store = data.open(
                data.file(
                        "c.jsonl",
                        "{\"messages\":[" + DataFixture.turn("user", "one?")
                                + ",{\"role\":\"assistant\",\"content\":\"1\","
                                + "\"learned\":false}," + DataFixture.turn("user", "two?") + ","
                                + DataFixture.turn("assistant", "2") + "]}"),
                Format.chat);
        assertThat(learnedText(store, 0)).isEqualTo("[2<|im_end|>\n]");
    }

    @Test
    void tokensAreTakenAsTheyAreAndLabelsSayWhatIsLearned() throws Exception {
        TokenStore store = data.open(
                data.file(
                        "t.jsonl",
                        "{\"tokens\":[5,6,329],\"labels\":[-100,-100,329]}\n{\"tokens\":[7,8]}\n"
                                + "{\"tokens\":[7,0],\"labels\":[7,-100]}\n"),
                Format.tokens);
        assertThat(store.tokens(0)).containsExactly(5, 6, 329);
        assertThat(store.learned(0)).containsExactly(false, false, true);
        assertThat(store.learned(1)).containsExactly(true, true);
        assertThat(store.learned(2)).containsExactly(true, false);
        // A first token is predicted from nothing.
        assertThat(store.learned()).isEqualTo(2);
        assertThat(store.longest()).isEqualTo(3);
    }

    @Test
    void pairsAreTwoExamplesWhoseAnswersAreLearned() throws Exception {
        TokenStore store = data.open(
                data.file(
                        "p.jsonl",
                        "{\"messages\":[" + DataFixture.turn("user", "pain?")
                                + "],\"chosen\":\"no\",\"rejected\":\"x x\"}\n"
                                + "{\"messages\":[" + DataFixture.turn("user", "a") + ","
                                + DataFixture.turn("assistant", "b") + "," + DataFixture.turn("user", "c")
                                + "],\"chosen\":\"d\",\"rejected\":\"e\"}\n"),
                Format.pairs);
        assertThat(store.records()).isEqualTo(2);
        assertThat(store.examples()).isEqualTo(4);
        assertThat(List.of(learnedText(store, 0), learnedText(store, 1), learnedText(store, 2), learnedText(store, 3)))
                .containsExactly("[no<|im_end|>\n]", "[x x<|im_end|>\n]", "[d<|im_end|>\n]", "[e<|im_end|>\n]");
        assertThat(store.place(3)).hasToString(home.resolve("data/p.jsonl") + ":2");
    }

    @Test
    void promptsEndWhereTheAnswerBeginsAndKeepTheirRecord() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 2500; i++) {
            lines.append("{\"messages\":[" + DataFixture.turn("user", "add " + i) + "],\"answer\":" + i + "}\n\n");
        }
        TokenStore store = data.open(data.file("r.jsonl", lines.toString()), Format.prompts);
        assertThat(store.examples()).isEqualTo(2500);
        assertThat(store.learned()).isZero();
        for (int i : new int[] {0, 1, 1023, 1024, 2499}) {
            assertThat(data.tokenizer.decode(store.tokens(i), false))
                    .isEqualTo("<|im_start|>user\nadd " + i + "<|im_end|>\n<|im_start|>assistant\n");
            assertThat(store.original(i).get("answer").asInt()).isEqualTo(i);
            assertThat(store.place(i).number()).isEqualTo(2 * i + 1);
        }
    }

    @Test
    void aFolderIsReadInOrderOfNamesAndItsHashNamesThem() throws Exception {
        Path b = data.file("f/b.jsonl", "{\"text\":\"from b\"}\n{\"text\":\"again b\"}");
        data.file("f/c.txt", "\ufefffrom c\nsecond line");
        Path a = data.file("f/a.md", "from a");
        data.file("f/.hidden.gz", "not looked at");
        TokenStore store = data.open(home.resolve("data/f"), Format.text);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < store.examples(); i++) {
            texts.add(data.tokenizer.decode(store.tokens(i), true));
        }
        assertThat(texts).containsExactly("from a", "from b", "again b", "from c\nsecond line");
        assertThat(store.place(2)).hasToString(b + ":2");
        assertThat(store.sha256())
                .isEqualTo(new Sha256()
                        .add("a.md\0" + new Sha256().add(a).hex() + "\n")
                        .add("b.jsonl\0" + new Sha256().add(b).hex() + "\n")
                        .add("c.txt\0"
                                + new Sha256().add(home.resolve("data/f/c.txt")).hex() + "\n")
                        .hex());
        assertThat(Source.of("d", home.resolve("data/f"), Format.text).texts())
                .containsExactly("from a", "from b", "again b", "from c\nsecond line");
    }

    /** Longer than a piece, so that it is read and tokenized in several; the tokens are those of the whole. */
    @Test
    void aLongDocumentHasTheTokensOfItsTextWhetherFileOrRecord() throws Exception {
        Random random = new Random(11);
        StringBuilder text = new StringBuilder();
        while (text.length() < 1.1 * Passages.LENGTH) {
            text.append(DataFixture.text(random, 400));
        }
        TokenStore file = data.open(data.file("long.txt", text.toString()), Format.text);
        TokenStore record = data.open(
                data.file("long.jsonl", "{\"text\":" + DataFixture.quoted(text.toString()) + "}"), Format.text);
        int[] body = data.tokenizer.encode(text.toString());
        int[] whole = Arrays.copyOf(body, body.length + 1);
        whole[body.length] = DataFixture.END;
        assertThat(file.examples()).isOne();
        assertThat(file.tokens(0)).isEqualTo(whole);
        assertThat(record.tokens(0)).isEqualTo(whole);
        assertThat(file.longest()).isEqualTo(whole.length);
    }
}
