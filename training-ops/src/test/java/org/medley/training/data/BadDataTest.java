package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.medley.training.recipe.BadRecipeException;

/** Data that cannot be used is refused by file and line, with what is wrong and what would be right. */
class BadDataTest {
    @TempDir
    Path home;

    private interface Writing {
        Path write(DataFixture data) throws Exception;
    }

    private record Case(String name, Format format, Writing writing, List<String> message) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case of(String name, Format format, Writing writing, String... message) {
        return new Case(name, format, writing, List.of(message));
    }

    /** A line behind a good one, so that the line's number is seen to be right. */
    private static Case text(String name, String line, String... message) {
        return of(name, Format.text, data -> data.file("x.jsonl", "{\"text\":\"good\"}\n" + line + "\n"), message);
    }

    private static Case chat(String name, String line, String... message) {
        String good = "{\"messages\":[" + USER + "," + ANSWER + "]}\n\n";
        return of(name, Format.chat, data -> data.file("x.jsonl", good + line), message);
    }

    private static Case tokens(String name, String line, String... message) {
        return of(name, Format.tokens, data -> data.file("x.jsonl", "{\"tokens\":[1,2]}\n" + line), message);
    }

    private static Case record(String name, Format format, String line, String... message) {
        return of(name, format, data -> data.file("x.jsonl", line), message);
    }

    private static final String USER = DataFixture.turn("user", "u");
    private static final String ANSWER = DataFixture.turn("assistant", "a");

    private static byte[] gzip(String text) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static Path parquet(DataFixture data, CompressionCodecName codec, String column) throws Exception {
        return ParquetFixture.write(
                data.home.resolve("data/x.parquet"),
                codec,
                "optional binary " + column + " (STRING); optional int32 n",
                200,
                (i, row) -> {
                    if (i != 150) {
                        row.append(column, "text " + i);
                    }
                });
    }

    private static Case damaged(String name, int from, int to, boolean cut) {
        return of(
                name,
                Format.text,
                data -> {
                    Path file = ParquetFixture.write(
                            data.home.resolve("data/x.parquet"),
                            CompressionCodecName.SNAPPY,
                            "optional binary text (STRING)",
                            200,
                            (i, row) -> row.append("text", "text number " + i * 7919));
                    byte[] bytes = Files.readAllBytes(file);
                    int first = from < 0 ? bytes.length + from : from;
                    if (cut) {
                        return Files.write(file, Arrays.copyOf(bytes, first));
                    }
                    Arrays.fill(bytes, first, first + to, (byte) 0x5a);
                    return Files.write(file, bytes);
                },
                "x.parquet",
                "cannot be read as Parquet, the file seems cut or damaged");
    }

    static Stream<Case> cases() {
        return Stream.of(
                // Files
                of(
                        "no file",
                        Format.text,
                        data -> data.home.resolve("none.jsonl"),
                        "none.jsonl: dataset cannot be read: there is no such file"),
                of(
                        "empty file",
                        Format.text,
                        data -> data.file("x.jsonl", ""),
                        "x.jsonl: dataset is empty; it needs at least one line"),
                of("empty text file", Format.text, data -> data.file("x.txt", ""), "x.txt: dataset is empty"),
                of(
                        "blank lines only",
                        Format.text,
                        data -> data.file("x.jsonl", "\n  \n\r\n"),
                        "x.jsonl: dataset is empty; it needs at least one line"),
                of(
                        "blank text file",
                        Format.text,
                        data -> data.file("x.md", " \n\t\n"),
                        "x.md:1: holds no text but blanks"),
                of(
                        "unknown kind",
                        Format.text,
                        data -> data.file("x.csv", "a,b"),
                        "x.csv: is no kind of file that is read; a dataset is a .jsonl, .parquet, .txt or .md file"),
                of(
                        "one JSON",
                        Format.text,
                        data -> data.file("x.json", "[]"),
                        "x.json: is no kind of file that is read; write one object per line and name it .jsonl"),
                of(
                        "compressed by name",
                        Format.text,
                        data -> data.file("x.jsonl.gz", gzip("{}")),
                        "x.jsonl.gz: is compressed; decompress it first"),
                of(
                        "compressed as text",
                        Format.text,
                        data -> data.file("x.jsonl", gzip("{}")),
                        "x.jsonl: is compressed; decompress it first"),
                of(
                        "zstd as text",
                        Format.text,
                        data -> data.file("x.txt", new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0}),
                        "x.txt: is compressed"),
                of(
                        "UTF-16",
                        Format.text,
                        data -> data.file("x.txt", "text".getBytes(StandardCharsets.UTF_16)),
                        "x.txt: is UTF-16 text; convert it to UTF-8"),
                of(
                        "text for chat",
                        Format.chat,
                        data -> data.file("x.txt", "text"),
                        "x.txt: is plain text; the format chat is read from .jsonl and .parquet files"),
                of(
                        "Parquet as JSONL",
                        Format.text,
                        data -> data.file("x.jsonl", "PAR1....PAR1"),
                        "x.jsonl: is a Parquet file; name it .parquet"),
                of(
                        "JSONL as Parquet",
                        Format.text,
                        data -> data.file("x.parquet", "{\"text\":\"t\"}"),
                        "x.parquet: is not a Parquet file"),
                of(
                        "loop of links",
                        Format.text,
                        data -> {
                            Files.createDirectories(data.home.resolve("data"));
                            Path one = data.home.resolve("data/one.jsonl");
                            Path two = data.home.resolve("data/two.jsonl");
                            Files.createSymbolicLink(one, two);
                            return Files.createSymbolicLink(two, one);
                        },
                        "two.jsonl: dataset cannot be read: Too many levels of symbolic links"),
                of(
                        "link to nothing",
                        Format.text,
                        data -> Files.createSymbolicLink(data.home.resolve("x.jsonl"), Path.of("gone.jsonl")),
                        "x.jsonl: dataset cannot be read: there is no such file"),
                // Folders
                of(
                        "empty folder",
                        Format.text,
                        data -> Files.createDirectories(data.home.resolve("data/f")),
                        "f: the folder holds no data"),
                of(
                        "hidden files only",
                        Format.text,
                        data -> data.file("f/.x.jsonl", "{}").getParent(),
                        "f: the folder holds no data"),
                of(
                        "folder in a folder",
                        Format.text,
                        data -> data.file("f/sub.jsonl/x.jsonl", "{}")
                                .getParent()
                                .getParent(),
                        "sub.jsonl: is a folder with the name of a file"),
                of(
                        "stranger in a folder",
                        Format.text,
                        data -> {
                            data.file("f/a.jsonl", "{\"text\":\"t\"}");
                            return data.file("f/b.csv", "a").getParent();
                        },
                        "b.csv: is no kind of file that is read"),
                of(
                        "empty shard",
                        Format.text,
                        data -> {
                            data.file("f/a.jsonl", "{\"text\":\"t\"}");
                            return data.file("f/b.jsonl", "").getParent();
                        },
                        "b.jsonl: dataset is empty"),
                of(
                        "blank shard",
                        Format.text,
                        data -> {
                            data.file("f/a.jsonl", "{\"text\":\"t\"}");
                            return data.file("f/b.jsonl", "\n\n").getParent();
                        },
                        "b.jsonl: dataset is empty"),
                // Lines
                of(
                        "not UTF-8",
                        Format.text,
                        data -> data.file(
                                "x.jsonl",
                                "{\"text\":\"good\"}\n{\"text\":\"caf\u00e9\"}\n"
                                        .getBytes(StandardCharsets.ISO_8859_1)),
                        "x.jsonl:2: is not UTF-8 text; convert the file to UTF-8"),
                of(
                        "text file not UTF-8",
                        Format.text,
                        data -> data.file("x.txt", "one\ntwo\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1)),
                        "x.txt:3: is not UTF-8 text"),
                of(
                        "text file cut in a character",
                        Format.text,
                        data -> data.file("x.txt", new byte[] {'a', '\n', (byte) 0xe2, (byte) 0x82}),
                        "x.txt:2: is not UTF-8 text"),
                of(
                        "cut last line",
                        Format.text,
                        data -> data.file("x.jsonl", "{\"text\":\"good\"}\n{\"text\":\"go"),
                        "x.jsonl:2: is not one JSON object (the file seems cut)"),
                text("broken line", "{\"text\":}", "x.jsonl:2: is not one JSON object: "),
                text("two objects", "{\"text\":\"a\"}{\"text\":\"b\"}", "x.jsonl:2: is not one JSON object: "),
                text(
                        "key twice",
                        "{\"text\":\"a\",\"text\":\"b\"}",
                        "x.jsonl:2: is not one JSON object: a key stands twice at character"),
                text("array", "[\"text\"]", "x.jsonl:2: is an array and not a JSON object"),
                text(
                        "no text",
                        "{\"body\":\"a\"}",
                        "x.jsonl:2: needs a string \"text\" that is not empty; it is missing"),
                text(
                        "text a number",
                        "{\"text\":5}",
                        "x.jsonl:2: needs a string \"text\" that is not empty; it is a number"),
                text("empty text", "{\"text\":\"\"}", "x.jsonl:2: needs a string \"text\" that is not empty"),
                text(
                        "half a character",
                        "{\"text\":\"ab\\ud83d\"}",
                        "x.jsonl:2: \"text\" holds half of a surrogate pair, \\ud83d, at character 3; write the whole character"),
                of(
                        "record too large",
                        Format.text,
                        data -> {
                            byte[] line = new byte[RowReader.MAX_RECORD + 100];
                            Arrays.fill(line, (byte) 'x');
                            line[0] = '\n';
                            return data.file("x.jsonl", line);
                        },
                        "x.jsonl:2: is longer than a record may be, 67108864 bytes; split the record"),
                of(
                        "the first bad record is told of, not one read before it is looked into",
                        Format.text,
                        data -> data.file(
                                "x.txt.jsonl",
                                "{\"text\":1}\n" + "{\"text\":\"good\"}\n".repeat(2000) + "{\"text\":\"cut"),
                        "x.txt.jsonl:1: needs a string"),
                // Conversations
                chat(
                        "no messages",
                        "{\"text\":\"a\"}",
                        "x.jsonl:3: needs an array \"messages\" of turns; it is missing"),
                chat(
                        "empty messages",
                        "{\"messages\":[]}",
                        "x.jsonl:3: needs an array \"messages\" of turns; it is empty"),
                chat(
                        "unknown role",
                        "{\"messages\":[" + USER + ",{\"role\":\"bot\",\"content\":\"a\"}]}",
                        "x.jsonl:3: \"messages\"[1] has no \"role\" that is possible; system, user and assistant are"),
                chat(
                        "lone role",
                        "{\"messages\":[" + USER + ",{\"role\":\"assistant\"}]}",
                        "x.jsonl:3: \"messages\"[1] needs a string \"content\"; it is missing",
                        "a string \"content\""),
                chat(
                        "a turn that is a string",
                        "{\"messages\":[\"u\",\"a\"]}",
                        "x.jsonl:3: \"messages\"[0] is a string; an object with \"role\" and \"content\" is needed"),
                chat(
                        "no answer",
                        "{\"messages\":[" + USER + "]}",
                        "x.jsonl:3: \"messages\" holds nothing that the assistant says"),
                chat(
                        "nothing asked",
                        "{\"messages\":[" + ANSWER + "]}",
                        "x.jsonl:3: begins with the assistant's turn; what it answers must come first"),
                chat(
                        "nothing to learn",
                        "{\"messages\":[" + USER + ",{\"role\":\"assistant\",\"content\":\"a\",\"learned\":false}]}",
                        "x.jsonl:3: every turn of the assistant has \"learned\": false"),
                chat(
                        "learning the user",
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"learned\":true}," + ANSWER + "]}",
                        "x.jsonl:3: \"messages\"[0] has a \"learned\" that is not possible; true and false are possible, and true for the assistant's turns only"),
                // Tokens
                tokens(
                        "tokens missing",
                        "{\"labels\":[1]}",
                        "x.jsonl:2: needs an array \"tokens\" of token ids; it is missing"),
                tokens("one token", "{\"tokens\":[1]}", "x.jsonl:2: \"tokens\" holds 1; at least two are needed"),
                tokens(
                        "a token that is none",
                        "{\"tokens\":[1,2.5]}",
                        "x.jsonl:2: \"tokens\"[1] is a number and no token id, which is a whole number"),
                tokens(
                        "outside the vocabulary",
                        "{\"tokens\":[1,330]}",
                        "x.jsonl:2: token 1 is 330; the model's vocabulary has the ids 0 to 329"),
                tokens("below 0", "{\"tokens\":[-3,1]}", "x.jsonl:2: token 0 is -3; ids begin with 0"),
                tokens(
                        "unlike lengths",
                        "{\"tokens\":[1,2,3],\"labels\":[1,2]}",
                        "x.jsonl:2: \"labels\" holds 2 and \"tokens\" 3; each token needs one label"),
                tokens(
                        "another label",
                        "{\"tokens\":[1,2],\"labels\":[2,3]}",
                        "x.jsonl:2: \"labels\"[0] is neither -100 nor the token at its place"),
                record(
                        "nothing learned at all",
                        Format.tokens,
                        "{\"tokens\":[1,2],\"labels\":[1,-100]}",
                        "x.jsonl: nothing in the whole dataset is learned"),
                // Pairs and prompts
                record(
                        "pair without an answer",
                        Format.pairs,
                        "{\"messages\":[" + USER + "],\"chosen\":\"a\"}",
                        "x.jsonl:1: needs a string \"rejected\" that is not empty; it is missing"),
                record(
                        "pair that is answered",
                        Format.pairs,
                        "{\"messages\":[" + USER + "," + ANSWER + "],\"chosen\":\"a\",\"rejected\":\"b\"}",
                        "x.jsonl:1: \"messages\" must end with the user's turn, which a pair's answers follow; it ends with the assistant's"),
                record(
                        "prompt that is answered",
                        Format.prompts,
                        "{\"messages\":[" + USER + "," + ANSWER + "]}",
                        "x.jsonl:1: \"messages\" must end with the user's turn, which the model's answer follows"),
                // Parquet
                of(
                        "Parquet without the column",
                        Format.text,
                        data -> parquet(data, CompressionCodecName.SNAPPY, "body"),
                        "x.parquet: has no column \"text\", which the format text needs; its columns are body, n"),
                of(
                        "Parquet with a null",
                        Format.text,
                        data -> parquet(data, CompressionCodecName.SNAPPY, "text"),
                        "x.parquet: row 151: needs a string \"text\" that is not empty; it is missing"),
                of(
                        "Parquet column of another type",
                        Format.text,
                        data -> ParquetFixture.write(
                                data.home.resolve("data/x.parquet"),
                                CompressionCodecName.SNAPPY,
                                "required int32 text",
                                3,
                                (i, row) -> row.append("text", i)),
                        "x.parquet: row 1: needs a string \"text\" that is not empty; it is a number"),
                of(
                        "Parquet with a string that is no JSON",
                        Format.chat,
                        data -> parquet(data, CompressionCodecName.SNAPPY, "messages"),
                        "x.parquet: row 1: column \"messages\" is a string that is not JSON"),
                of(
                        "Parquet without rows",
                        Format.text,
                        data -> ParquetFixture.write(
                                data.home.resolve("data/x.parquet"),
                                CompressionCodecName.SNAPPY,
                                "required int32 text",
                                0,
                                (i, row) -> {}),
                        "x.parquet: dataset is empty"),
                of(
                        "Parquet compressed otherwise",
                        Format.text,
                        data -> parquet(data, CompressionCodecName.LZ4_RAW, "text"),
                        "x.parquet: column \"text\" is compressed with LZ4_RAW; write the file with SNAPPY, ZSTD, GZIP or none"),
                damaged("cut Parquet", -20, 0, true),
                damaged("Parquet cut to its beginning", 6, 0, true),
                damaged("Parquet with a broken footer length", -8, 4, false),
                damaged("Parquet with a broken page", 40, 200, false));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void badDataIsRefusedByPlaceAndLeavesNothing(Case bad) throws Exception {
        try (DataFixture data = new DataFixture(home)) {
            Path path = bad.writing.write(data);
            assertThatThrownBy(() -> data.open(path, bad.format))
                    .isInstanceOf(BadRecipeException.class)
                    .satisfies(e -> assertThat(e.getMessage()).contains(bad.message));
            if (Files.exists(data.cache())) {
                assertThat(data.cache()).isEmptyDirectory();
            }
        }
    }

    /** What a record says may be a patient's, and messages end up in logs: nothing of it, nor of what caused them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "text | Ermintrude",
                "text | {\"text\": Ermintrude}",
                "text | {\"text\": [\"Ermintrude\"]}",
                "text | {\"Ermintrude\": 1, \"Ermintrude\": 2}",
                "chat | {\"messages\": [\"Ermintrude\"]}",
                "chat | {\"messages\": [{\"role\": \"Ermintrude\", \"content\": \"Ermintrude\"}]}",
                "chat | {\"messages\": [{\"role\": \"user\", \"content\": [\"Ermintrude\"]}]}",
                "chat | {\"messages\": [{\"role\": \"user\", \"content\": \"Ermintrude\", \"learned\": \"Ermintrude\"}]}",
                "pairs | {\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"chosen\": \"Ermintrude\"}",
                "tokens | {\"tokens\": [1, \"Ermintrude\"]}",
            })
    void nothingOfARecordIsRepeated(Format format, String record) throws Exception {
        try (DataFixture data = new DataFixture(home)) {
            Path path = data.file("x.jsonl", record + "\n");
            assertThatThrownBy(() -> data.open(path, format))
                    .isInstanceOf(BadRecipeException.class)
                    .satisfies(e -> {
                        assertThat(e.getMessage()).contains("x.jsonl:1: ");
                        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                            assertThat(cause.getMessage()).doesNotContain("Ermintrude");
                        }
                    });
        }
    }
}
