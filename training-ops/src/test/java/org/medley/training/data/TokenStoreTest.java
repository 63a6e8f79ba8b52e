package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.digest.Sha256;
import org.medley.training.recipe.BadRecipeException;

class TokenStoreTest {
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

    private static String lines(int count, long seed) {
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            lines.append("{\"text\":")
                    .append(DataFixture.quoted(DataFixture.text(random, 12)))
                    .append("}\n");
        }
        return lines.toString();
    }

    private static void old(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    }

    private static List<Path> entries(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        }
    }

    /** The hash of all files of a store. */
    private static String content(Path store) throws IOException {
        Sha256 hash = new Sha256();
        for (Path file : entries(store)) {
            if (!file.getFileName().toString().equals(StoreInfo.FILE)) {
                hash.add(file.getFileName() + "\n").add(file);
            }
        }
        return hash.hex();
    }

    private static final Progress UNREAD = (done, total) -> {
        throw new AssertionError("the data is read again");
    };

    @Test
    void aStoreIsReusedWhileTheDataIsTheSame() throws Exception {
        Path file = data.file("t.jsonl", lines(500, 1));
        old(file);
        List<Long> read = new ArrayList<>();
        TokenStore first = data.open(file, Format.text, (done, total) -> {
            assertThat(total).isEqualTo(file.toFile().length());
            read.add(done);
        });
        assertThat(read).isSorted().last().isEqualTo(Files.size(file));
        assertThat(data.open(file, Format.text, UNREAD).folder()).isEqualTo(first.folder());
        // Written again with the same content: its hash says so, once.
        Files.writeString(file, lines(500, 1));
        assertThatThrownBy(() -> data.open(file, Format.text, UNREAD)).isInstanceOf(AssertionError.class);
        assertThat(data.open(file, Format.text).folder()).isEqualTo(first.folder());
        old(file);
        assertThat(data.open(file, Format.text).folder()).isEqualTo(first.folder());
        assertThat(data.open(file, Format.text, UNREAD).folder()).isEqualTo(first.folder());
        // Elsewhere under another name.
        Path copy = data.file("copy.jsonl", lines(500, 1));
        assertThat(data.open(copy, Format.text).folder()).isEqualTo(first.folder());
        assertThat(entries(data.cache())).containsExactly(first.folder());
        // Another content of the same length.
        Files.writeString(file, lines(500, 1).replaceFirst("fever", "fEver"));
        TokenStore other = data.open(file, Format.text);
        assertThat(other.folder()).isNotEqualTo(first.folder());
        assertThat(other.sha256()).isNotEqualTo(first.sha256());
        assertThat(entries(data.cache())).hasSize(2);
    }

    @Test
    void anotherTemplateOrFormatIsAnotherStoreAndTextKnowsNoTemplate() throws Exception {
        TokenStore text = data.documents("t", 20, 1);
        TokenStore chat = data.chats("c", 20, 1);
        try (DataFixture other = new DataFixture(
                home,
                "{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
                        + "{% if add_generation_prompt %}<|im_start|>assistant:{% endif %}")) {
            assertThat(other.documents("t", 20, 1).folder()).isEqualTo(text.folder());
            assertThat(other.chats("c", 20, 1).folder()).isNotEqualTo(chat.folder());
        }
        assertThat(entries(data.cache())).hasSize(3);
    }

    @Test
    void aDamagedStoreIsBuiltAgain() throws Exception {
        Path file = data.file("t.jsonl", lines(50, 1));
        TokenStore store = data.open(file, Format.text);
        Path folder = store.folder();
        String whole = content(folder);
        for (String name : List.of("tokens.bin", "index.bin", "lines.bin", "store.json")) {
            byte[] bytes = Files.readAllBytes(folder.resolve(name));
            Files.write(folder.resolve(name), Arrays.copyOf(bytes, bytes.length - 5));
            assertThat(data.open(file, Format.text).folder()).isEqualTo(folder);
            assertThat(content(folder)).isEqualTo(whole);
        }
        assertThat(entries(data.cache())).containsExactly(folder);
    }

    @Test
    void dataThatChangesWhileItIsReadIsRefused() throws Exception {
        Path file = data.file("t.jsonl", lines(7000, 1));
        assertThatThrownBy(() -> data.open(
                        file,
                        Format.text,
                        once(() -> Files.writeString(file, "{\"text\":\"more\"}\n", StandardOpenOption.APPEND))))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("t.jsonl: changed while it was read; wait until nothing writes to it");
        assertThat(data.cache()).isEmptyDirectory();
        Path a = data.file("f/a.jsonl", lines(4000, 1));
        Path b = data.file("f/b.jsonl", lines(4000, 2));
        assertThatThrownBy(() ->
                        data.open(a.getParent(), Format.text, once(() -> Files.writeString(b, lines(3999, 3)))))
                .hasMessageContaining("b.jsonl: changed while it was read");
        assertThatThrownBy(() ->
                        data.open(a.getParent(), Format.text, once(() -> data.file("f/c.jsonl", "{\"text\":\"new\"}"))))
                .hasMessageContaining("f: changed while it was read");
        assertThat(data.cache()).isEmptyDirectory();
    }

    private interface Deed {
        void run() throws IOException;
    }

    private static Progress once(Deed deed) {
        boolean[] done = {false};
        return (read, total) -> {
            try {
                if (!done[0]) {
                    done[0] = true;
                    deed.run();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    @Test
    void whatProgressThrowsStopsTheBuildAndNothingStays() throws Exception {
        Path file = data.file("t.jsonl", lines(7000, 1));
        for (int stop = 0; stop < 3; stop++) {
            int[] calls = {stop};
            assertThatThrownBy(() -> data.open(file, Format.text, (done, total) -> {
                        if (calls[0]-- == 0) {
                            throw new IllegalStateException("enough");
                        }
                    }))
                    .hasMessage("enough");
            assertThat(data.cache()).isEmptyDirectory();
        }
        assertThat(data.open(file, Format.text).examples()).isEqualTo(7000);
    }

    @Test
    @Timeout(60)
    void aBuildWhoseProcessIsKilledLeavesNothingThatIsTakenForWhole() throws Exception {
        Path file = data.file("t.jsonl", lines(7000, 1));
        Process process = StoreProcess.start(data, "200m", file, Format.text, 20_000);
        try (BufferedReader out = process.inputReader()) {
            assertThat(out.readLine()).startsWith("read ");
            List<Path> unfinished = entries(data.cache());
            assertThat(unfinished)
                    .isNotEmpty()
                    .allMatch(path -> path.getFileName().toString().startsWith(".unfinished-"));
            // It is being built: who comes beside it leaves it alone.
            data.documents("beside", 3, 1);
            assertThat(entries(data.cache())).containsAll(unfinished).hasSize(unfinished.size() + 1);
        } finally {
            process.destroyForcibly().waitFor();
        }
        TokenStore store = data.open(file, Format.text);
        assertThat(store.examples()).isEqualTo(7000);
        assertThat(entries(data.cache()))
                .hasSize(2)
                .noneMatch(path -> path.getFileName().toString().startsWith("."));
    }

    @Test
    @Timeout(60)
    void processesAndThreadsThatBuildTheSameStoreAtOnceEndWithOne() throws Exception {
        Path file = data.file("t.jsonl", lines(8000, 1));
        List<Process> processes = List.of(
                StoreProcess.start(data, "200m", file, Format.text, 200),
                StoreProcess.start(data, "200m", file, Format.text, 200));
        List<String> ends = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (Process process : processes) {
                assertThat(process.inputReader().readLine()).startsWith("read ");
            }
            assertThat(entries(data.cache()).stream().filter(Files::isDirectory))
                    .as("both processes are in the middle of it")
                    .hasSize(2);
            Future<Path> one = threads.submit(() -> folder(file));
            Future<Path> other = threads.submit(() -> folder(file));
            assertThat(one.get()).isEqualTo(other.get());
            for (Process process : processes) {
                ends.add(process.inputReader()
                        .lines()
                        .reduce((first, second) -> second)
                        .orElse("nothing"));
                assertThat(process.waitFor()).isZero();
            }
        }
        TokenStore store = data.open(file, Format.text);
        assertThat(ends).containsOnly("store " + store.folder().getFileName() + " 8000 " + store.tokens());
        assertThat(entries(data.cache())).containsExactly(store.folder());
    }

    private Path folder(Path file) throws IOException {
        try (TokenStore store =
                TokenStore.open(Source.of("d", file, Format.text), data.encoder, data.cache(), Progress.NONE)) {
            return store.folder();
        }
    }

    /** A heap not much larger than what is in work at a time, for data larger than it. */
    @Test
    @Timeout(60)
    void theHeapDoesNotGrowWithTheData() throws Exception {
        Path file = data.file("t.jsonl", "");
        Random random = new Random(1);
        long tokens = 0;
        int examples = 0;
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            while (Files.size(file) < 72_000_000) {
                StringBuilder line = new StringBuilder("{\"tokens\":[1");
                int count = 1 + random.nextInt(2000);
                for (int i = 0; i < count; i++) {
                    line.append(',').append(random.nextInt(DataFixture.VOCABULARY));
                }
                out.append(line).append("]}\n");
                tokens += count + 1;
                examples++;
            }
        }
        Process process = StoreProcess.start(data, "64m", file, Format.tokens, 0);
        String end =
                process.inputReader().lines().reduce((first, second) -> second).orElse("nothing");
        assertThat(process.waitFor()).isZero();
        assertThat(end).matches("store \\w{64} " + examples + " " + tokens);
    }
}
