package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.digest.Sha256;
import org.medley.training.recipe.BadRecipeException;

/** The same records as Parquet and as JSONL become the same tokens. */
class ParquetRowsTest {
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

    private void assertSame(TokenStore one, TokenStore other) {
        assertThat(one.examples()).isEqualTo(other.examples());
        for (long i = 0; i < one.examples(); i++) {
            assertThat(one.tokens(i)).isEqualTo(other.tokens(i));
            assertThat(one.learned(i)).isEqualTo(other.learned(i));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CompressionCodecName.class,
            names = {"UNCOMPRESSED", "SNAPPY", "ZSTD", "GZIP"})
    void aColumnOfTextOverSeveralRowGroupsIsReadWithEachCompression(CompressionCodecName codec) throws Exception {
        Random random = new Random(4);
        List<String> texts = random.ints(350)
                .mapToObj(i -> DataFixture.text(random, 1 + random.nextInt(20)))
                .toList();
        // One column says that its bytes are text; older writers' does not.
        String column = codec == CompressionCodecName.GZIP ? "binary text" : "binary text (STRING)";
        Path file = ParquetFixture.write(
                home.resolve("data/t.parquet"),
                codec,
                "required int64 id; optional " + column + "; optional double score",
                texts.size(),
                (i, row) -> row.append("id", (long) i).append("text", texts.get(i)));
        StringBuilder lines = new StringBuilder();
        texts.forEach(text ->
                lines.append("{\"text\":").append(DataFixture.quoted(text)).append("}\n"));
        TokenStore store = data.open(file, Format.text);
        assertSame(store, data.open(data.file("t.jsonl", lines.toString()), Format.text));
        assertThat(store.place(249)).hasToString(file + ": row 250");
        assertThat(store.sha256()).isEqualTo(new Sha256().add(file).hex());
    }

    @Test
    void conversationsAreAListOfStructsOrAStringOfJson() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 120; i++) {
            lines.append(json(i)).append('\n');
        }
        TokenStore expected = data.open(data.file("c.jsonl", lines.toString()), Format.chat);
        Path structs = ParquetFixture.write(
                home.resolve("data/structs.parquet"),
                CompressionCodecName.SNAPPY,
                ParquetFixture.MESSAGES,
                120,
                (i, row) -> ParquetFixture.messages(row, List.of("user", "fever " + i, "assistant", "no\n" + i)));
        assertSame(data.open(structs, Format.chat), expected);
        Path strings = ParquetFixture.write(
                home.resolve("data/strings.parquet"),
                CompressionCodecName.ZSTD,
                "required binary messages (JSON)",
                120,
                (i, row) -> row.append(
                        "messages",
                        json(i).replaceFirst("^\\{\"messages\":", "").replaceFirst("}$", "")));
        assertSame(data.open(strings, Format.chat), expected);
    }

    private static String json(int i) {
        return "{\"messages\":[" + DataFixture.turn("user", "fever " + i) + ","
                + DataFixture.turn("assistant", "no\n" + i) + "]}";
    }

    @Test
    void tokensAndLabelsAreListsOfWholeNumbers() throws Exception {
        String list = "optional group %s (LIST) { repeated group list { optional %s element; } }";
        Path file = ParquetFixture.write(
                home.resolve("data/t.parquet"),
                CompressionCodecName.SNAPPY,
                String.format(list, "tokens", "int64") + " " + String.format(list, "labels", "int32"),
                3,
                (i, row) -> {
                    Group tokens = row.addGroup("tokens");
                    Group labels = row.addGroup("labels");
                    for (int t = 0; t < 4; t++) {
                        tokens.addGroup("list").append("element", (long) (i + t));
                        labels.addGroup("list").append("element", t < 2 ? -100 : i + t);
                    }
                });
        TokenStore store = data.open(file, Format.tokens);
        assertThat(store.tokens(2)).containsExactly(2, 3, 4, 5);
        assertThat(store.learned(2)).containsExactly(false, false, true, true);
    }

    @Test
    void ofPromptsAllColumnsAreKept() throws Exception {
        Path file = ParquetFixture.write(
                home.resolve("data/p.parquet"),
                CompressionCodecName.SNAPPY,
                ParquetFixture.MESSAGES
                        + " optional int32 answer; optional double weight; optional boolean hard;"
                        + " optional group tags (LIST) { repeated binary array (STRING); }"
                        + " optional group facts (MAP) { repeated group key_value {"
                        + " required binary key (STRING); optional int64 value; } }"
                        + " optional group origin { optional binary file (STRING); }",
                101,
                (i, row) -> {
                    ParquetFixture.messages(row, List.of("user", "add " + i));
                    row.append("answer", i).append("weight", 0.5).append("hard", i % 2 == 0);
                    Group tags = row.addGroup("tags");
                    tags.append("array", "a").append("array", "b" + i);
                    row.addGroup("facts")
                            .addGroup("key_value")
                            .append("key", "sum")
                            .append("value", (long) i);
                    row.addGroup("origin").append("file", "f" + i);
                });
        TokenStore store = data.open(file, Format.prompts);
        assertThat(store.original(100).toString())
                .isEqualTo("{\"messages\":[{\"role\":\"user\",\"content\":\"add 100\"}],\"answer\":100,\"weight\":0.5,"
                        + "\"hard\":true,\"tags\":[\"a\",\"b100\"],\"facts\":{\"sum\":100},"
                        + "\"origin\":{\"file\":\"f100\"}}");
    }

    /** Whatever bytes are changed or missing: the file is read, or refused, and nothing else happens. */
    @Test
    @Timeout(60)
    void aDamagedFileIsReadOrRefused() throws Exception {
        byte[] whole = Files.readAllBytes(ParquetFixture.write(
                home.resolve("data/whole.parquet"),
                CompressionCodecName.SNAPPY,
                ParquetFixture.MESSAGES,
                150,
                (i, row) -> ParquetFixture.messages(row, List.of("user", "fever " + i, "assistant", "no\n" + i))));
        int refused = 0;
        for (long seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            byte[] damaged = whole.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[4 + random.nextInt(whole.length - 4)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(4) == 0) {
                damaged = Arrays.copyOf(damaged, 5 + random.nextInt(whole.length - 5));
            }
            Path file = data.file("damaged.parquet", damaged);
            try (RowReader rows = RowReader.open(Shard.of(file, Format.chat), Format.chat, new Sha256())) {
                for (Row row = rows.next(); row != null; row = rows.next()) {
                    row.content(Format.chat);
                }
            } catch (BadRecipeException e) {
                assertThat(e.getMessage()).as("seed %d", seed).contains("damaged.parquet");
                refused++;
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(refused).isBetween(100, 399);
    }
}
