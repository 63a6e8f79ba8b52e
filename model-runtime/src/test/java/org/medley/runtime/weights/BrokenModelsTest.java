package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.TinyModel;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.text.Tokenizer;

/**
 * Models broken in one way each: every one is refused with the file's name, nothing else is thrown, and nothing of it
 * stays mapped or open.
 */
class BrokenModelsTest {
    @TempDir
    static Path good;

    @TempDir
    Path folder;

    @BeforeAll
    static void write() throws Exception {
        ModelFolder tiny = new ModelFolder(TinyModel.write(good.resolve("tiny"), 9));
        GgufExport.write(tiny, good.resolve("tiny.gguf"), DType.F16);
        ModelFolder llama = RandomModel.write(good.resolve("llama"), GgufFamily.LLAMA, 9);
        GgufExport.write(llama, good.resolve("llama.gguf"), DType.Q8);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Serving it, as a server would. */
    private static void serve(Path path) {
        try (Engine engine = new Engine(
                "broken", ModelSource.of(path), EngineOptions.DEFAULT.withContext(64), EngineObserver.NONE)) {
            engine.tokenizer().encode("text");
        }
    }

    private void assertRefused(Path model, Broken broken) throws IOException {
        Throwable thrown = catchThrowable(() -> serve(model));
        assertThat(thrown)
                .as(broken.toString())
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining(broken.says());
        assertThat(mapped()).as("mapped after %s", broken).isEmpty();
        assertThat(open()).as("open after %s", broken).isEmpty();
    }

    /** Lines of this process's memory map, and its open files, that are of the test's folder; Linux tells. */
    private List<String> mapped() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        return !Files.exists(maps)
                ? List.of()
                : Files.readAllLines(maps, StandardCharsets.ISO_8859_1).stream()
                        .filter(line -> line.contains(folder.toString()))
                        .toList();
    }

    private List<String> open() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        if (!Files.exists(descriptors)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(descriptors)) {
            return all.filter(link -> Files.exists(link, LinkOption.NOFOLLOW_LINKS))
                    .map(link -> {
                        try {
                            return Files.readSymbolicLink(link).toString();
                        } catch (IOException e) {
                            return "";
                        }
                    })
                    .filter(target -> target.startsWith(folder.toString()))
                    .toList();
        }
    }

    static List<Broken> folders() {
        return BrokenFolders.all();
    }

    static List<Broken> ggufs() {
        return BrokenGgufs.all();
    }

    @ParameterizedTest
    @MethodSource("folders")
    void brokenFoldersAreRefused(Broken broken) throws Exception {
        copy(good.resolve("tiny"), folder);
        broken.how().apply(folder);
        assertRefused(folder, broken);
    }

    @ParameterizedTest
    @MethodSource("ggufs")
    void brokenGgufFilesAreRefused(Broken broken) throws Exception {
        Path file = folder.resolve("model.gguf");
        Files.copy(good.resolve(broken.base() + ".gguf"), file);
        broken.how().apply(file);
        assertRefused(file, broken);
    }

    @Test
    void theyAreAHundredAndTheUnbrokenOnesAreServed() {
        assertThat(folders().size() + ggufs().size()).isGreaterThanOrEqualTo(100);
        serve(good.resolve("tiny"));
        serve(good.resolve("tiny.gguf"));
        serve(good.resolve("llama.gguf"));
    }

    /** Flipped bytes make a model that can be read, or one that is refused. */
    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(
            strings = {"tiny/model.safetensors", "tiny/config.json", "llama.gguf"})
    void randomDamageNeverDoesMoreThanRefusal(String name) throws Exception {
        long seed = 1234;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = Files.readAllBytes(good.resolve(name));
        copy(good.resolve("tiny"), folder);
        Path file = folder.resolve(name.substring(name.indexOf('/') + 1));
        int described = Math.min(whole.length, 6_000);
        int refused = 0;
        for (int i = 0; i < 150; i++) {
            byte[] bytes = whole.clone();
            for (int j = random.nextInt(1, 4); j > 0; j--) {
                bytes[random.nextInt(described)] = (byte) random.nextInt(256);
            }
            Files.write(file, bytes);
            try (Arena arena = Arena.ofShared()) {
                ModelSource model = ModelSource.of(name.endsWith(".gguf") ? file : folder);
                model.config();
                model.chatTemplate();
                model.specialTokens();
                model.weights(arena);
            } catch (BadModelException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(String.format(Locale.ROOT, "%s, seed %d, round %d", name, seed, i), e);
            }
        }
        assertThat(refused).isGreaterThan(20);
        assertThat(mapped()).isEmpty();
    }

    /** The same for vocabularies, whose reading is the tokenizer library's. */
    @Test
    void damagedTokenizersAreReadOrRefused() throws Exception {
        long seed = 4321;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = Files.readAllBytes(good.resolve("llama/tokenizer.json"));
        Path file = folder.resolve("tokenizer.json");
        int refused = 0;
        for (int i = 0; i < 80; i++) {
            byte[] bytes = whole.clone();
            for (int j = random.nextInt(1, 4); j > 0; j--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, bytes);
            try (Tokenizer tokenizer = new Tokenizer(file)) {
                tokenizer.encode("a text of 12 words, or fewer");
            } catch (BadModelException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
        assertThat(refused).isGreaterThan(20);
    }
}
