package org.medley.runtime.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.engine.TinyEncoder;
import org.medley.runtime.engine.TinyModel;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.GgufExport;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.ModelSource;

class PullTest {
    private static final Download.Patience PATIENCE = new Download.Patience(400, 1);

    @TempDir
    Path folder;

    @AutoClose
    private StubHub hub;

    private Path source;
    private ModelStore store;
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    @BeforeEach
    void serve() throws Exception {
        hub = new StubHub();
        source = TinyModel.write(folder.resolve("source"), 5);
        hub.serve(source);
        hub.files.put("README.md", "read me".getBytes(StandardCharsets.UTF_8));
        hub.files.put("pytorch_model.bin", new byte[100]);
        hub.files.put("onnx/model.onnx", new byte[100]);
        store = new ModelStore(folder.resolve("data"));
    }

    private Acquisition acquisition(long most, EmbeddingSettings.Pooling pooling) {
        return new Acquisition(
                store, new PrintStream(shown, true, StandardCharsets.UTF_8), false, most, PATIENCE, pooling);
    }

    private Path pull(String gguf, long most) throws Exception {
        Acquisition acquisition = acquisition(most, null);
        try (HubClient client = new HubClient(hub.address() + "/", "secret")) {
            return acquisition.pull(client, Repository.of("org/tiny", "main"), gguf, "tiny");
        }
    }

    private Path pull() throws Exception {
        return pull(null, 1 << 30);
    }

    private List<String> left() throws Exception {
        if (!Files.exists(folder.resolve("data"))) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(folder.resolve("data"))) {
            return all.filter(Files::isRegularFile)
                    .map(path -> folder.resolve("data/models").relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatAModelNeedsIsFetchedAndNothingElse() throws Exception {
        Path pulled = pull();
        assertThat(left()).containsExactly("tiny/config.json", "tiny/model.safetensors", "tiny/tokenizer.json");
        assertThat(new ModelFolder(pulled).sha256()).isEqualTo(new ModelFolder(source).sha256());
        assertThat(hub.requests).allMatch(request -> "Bearer secret".equals(request.authorization()));
        assertThat(hub.requests).hasSize(4);
        assertThat(shown.toString(StandardCharsets.UTF_8)).contains("100%").contains("model.safetensors");
        assertThatThrownBy(this::pull).hasMessageContaining("is there already; remove it with `medley models rm tiny`");
    }

    @Test
    void howAnEncoderPoolsIsFetchedCopiedOrTold() throws Exception {
        byte[] mean = "{\"pooling_mode_mean_tokens\": true}".getBytes(StandardCharsets.UTF_8);
        hub.files.put("1_Pooling/config.json", mean);
        hub.files.put("2_Dense/config.json", mean);
        Path pulled = pull();
        assertThat(pulled.resolve("1_Pooling/config.json")).hasBinaryContent(mean);
        assertThat(left()).noneMatch(name -> name.contains("2_Dense"));
        Path copied = acquisition(1 << 30, null).copy(pulled, "copied");
        assertThat(copied.resolve("1_Pooling/config.json")).hasBinaryContent(mean);
        assertThat(new ModelFolder(copied).sha256()).isEqualTo(new ModelFolder(pulled).sha256());
        Acquisition first = acquisition(1 << 30, EmbeddingSettings.Pooling.FIRST);
        Path encoder = TinyEncoder.write(folder.resolve("encoder"), false, 3);
        Path told = first.copy(encoder, "told");
        assertThat(ModelSource.of(told).embeddingSettings().pooling()).isEqualTo(EmbeddingSettings.Pooling.FIRST);
        EmbeddingSettings.Pooling.MEAN.write(encoder);
        assertThatThrownBy(() -> first.copy(encoder, "other")).hasMessageContaining("the model's own files say MEAN");
        assertThatThrownBy(() -> first.copy(source, "decoder")).hasMessageContaining("--pooling is for encoders");
        assertThat(left()).noneMatch(name -> name.startsWith("other") || name.startsWith("decoder"));
    }

    @Test
    void aLinkToAFolderIsCopiedLikeTheFolder() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), source);
        Files.createDirectory(source.resolve("onnx"));
        Files.write(source.resolve("onnx/model.onnx"), new byte[100]);
        acquisition(1 << 30, null).copy(link, "linked");
        assertThat(left()).contains("linked/config.json", "linked/model.safetensors");
        assertThat(left()).noneMatch(name -> name.contains("onnx"));
    }

    @Test
    void aCutConnectionIsTakenUpWhereItBroke() throws Exception {
        hub.cuts.put("model.safetensors", new ArrayList<>(List.of(5_000, 20_000, 1)));
        Path pulled = pull();
        assertThat(hub.requestsFor("model.safetensors").stream().map(StubHub.Request::range))
                .containsExactly(null, "bytes=5000-", "bytes=25000-", "bytes=25001-");
        assertThat(pulled.resolve("model.safetensors")).hasSameBinaryContentAs(source.resolve("model.safetensors"));
    }

    @Test
    void theNextCommandGoesOnWhereTheLastGaveUp() throws Exception {
        hub.cuts.put("model.safetensors", new ArrayList<>(List.of(7_000)));
        hub.cuts.get("model.safetensors").addAll(Collections.nCopies(6, 0));
        assertThatThrownBy(this::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("model.safetensors could not be fetched")
                .hasMessageContaining("the same command goes on from here");
        assertThat(store.list()).isEmpty();
        assertThat(left()).contains(".partial/tiny/model.safetensors.part", ".partial/tiny/config.json");
        hub.requests.clear();
        Path pulled = pull();
        assertThat(hub.requestsFor("config.json")).isEmpty();
        assertThat(hub.requestsFor("model.safetensors").getFirst().range()).isEqualTo("bytes=7000-");
        assertThat(new ModelFolder(pulled).sha256()).isEqualTo(new ModelFolder(source).sha256());
    }

    @Test
    void aServerWithoutRangesIsAskedFromTheStart() throws Exception {
        hub.ranges = false;
        hub.cuts.put("model.safetensors", new ArrayList<>(List.of(9_000)));
        assertThat(pull().resolve("model.safetensors")).hasSameBinaryContentAs(source.resolve("model.safetensors"));
    }

    @Test
    void aSilentConnectionCountsAsCut() throws Exception {
        hub.stalls = true;
        hub.cuts.put("model.safetensors", new ArrayList<>(List.of(3_000)));
        assertThat(pull().resolve("model.safetensors")).hasSameBinaryContentAs(source.resolve("model.safetensors"));
        assertThat(hub.requestsFor("model.safetensors")).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"model.safetensors, 64, does not have the SHA-256", "tokenizer.json, 40, does not have the git hash"})
    void aFileWithAnotherHashIsThrownAway(String name, int digits, String problem) throws Exception {
        hub.hashes.put(name, "1".repeat(digits));
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining(name + " " + problem);
        assertThat(store.list()).isEmpty();
        assertThat(left()).noneMatch(file -> file.contains(name));
    }

    @Test
    void redirectsLeaveTheTokenBehindAndTheirHashCounts() throws Exception {
        hub.redirects = true;
        hub.lfs = false;
        pull();
        assertThat(hub.requests.stream().filter(r -> r.path().startsWith("/cdn/")))
                .hasSize(3)
                .allMatch(request ->
                        request.authorization() == null && request.host().startsWith("localhost"));
        store.remove("tiny");
        hub.hashes.put("model.safetensors", "2".repeat(64));
        assertThatThrownBy(this::pull).hasMessageContaining("model.safetensors does not have the SHA-256");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil.safetensors",
                "a/../../evil.json",
                "/etc/evil.json",
                "..",
                "a\\..\\evil.json",
                "a\u0000b.json",
                "a\nb.json",
                "C:evil.json",
                "",
                "./config.json"
            })
    void namesThatLeaveTheFolderAreRefused(String name) throws Exception {
        hub.files.put(name, new byte[10]);
        assertThatThrownBy(this::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("leaves the model's folder or is no file name");
        assertThat(left()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | refuses access (401); HF_TOKEN may not be entitled to it",
                "403 | refuses access (403)",
                "404 | has no such model, revision or file",
                "418 | answers 418"
            })
    void refusalsAreExplained(int status, String problem) throws Exception {
        hub.status = status;
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining(problem);
        assertThat(left()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"-10, is longer than the", "10, of the"})
    void sizesHaveToBeAsAnnounced(int error, String problem) throws Exception {
        hub.sizeErrors.put("model.safetensors", error);
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining(problem);
        assertThat(store.list()).isEmpty();
    }

    @Test
    void modelsThatAreTooLargeAreRefusedBeforeAnythingIsFetched() {
        assertThatThrownBy(() -> pull(null, 1_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 0.0 are allowed (--max-gb)");
        hub.sizeErrors.put("model.safetensors", Integer.MAX_VALUE - 1_000_000);
        assertThat(hub.requestsFor("model.safetensors")).isEmpty();
    }

    @Test
    void aModelThatCannotBeReadDoesNotEnterTheStore() throws Exception {
        byte[] whole = hub.files.get("model.safetensors");
        hub.files.put("model.safetensors", java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(this::pull).isInstanceOf(BadModelException.class).hasMessageContaining("model.safetensors");
        assertThat(store.list()).isEmpty();
    }

    @Test
    void aGgufFileIsChosenByNameWhereThereAreSeveral() throws Exception {
        Path gguf = folder.resolve("tiny.gguf");
        GgufExport.write(new ModelFolder(source), gguf, DType.F16);
        hub.files.clear();
        hub.files.put("tiny-a.gguf", Files.readAllBytes(gguf));
        hub.files.put("tiny-b.gguf", new byte[64]);
        assertThatThrownBy(this::pull)
                .hasMessageContaining("has several GGUF files; choose with --file one of tiny-a.gguf, tiny-b.gguf");
        assertThatThrownBy(() -> pull("c.gguf", 1 << 30)).hasMessageContaining("has no file c.gguf");
        assertThatThrownBy(() -> pull("tiny-b.gguf", 1 << 30)).isInstanceOf(BadModelException.class);
        assertThat(pull("tiny-a.gguf", 1 << 30)).hasFileName("tiny.gguf").hasSameBinaryContentAs(gguf);
        assertThat(store.open("tiny")).isInstanceOf(ModelSource.class);
        assertThat(left()).containsExactly("tiny.gguf");
    }

    @ParameterizedTest
    @CsvSource({"tiny, main", "org/tiny/more, main", "../tiny, main", "org/.., main", "org/tiny, ../x", "org/tiny, -x"})
    void addressesThatAreNoneAreRefused(String address, String revision) {
        assertThatThrownBy(() -> Repository.of(address, revision)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aHubThatIsNotThereIsNamed() {
        String address = hub.address();
        hub.close();
        assertThatThrownBy(this::pull)
                .isInstanceOf(HubException.class)
                .hasMessage(address + " cannot be reached: ConnectException");
    }

    @Test
    void hubsThatAreNoneAreRefused() {
        for (String address : List.of("ftp://hub", "hub", "http:", "http://a b")) {
            assertThatThrownBy(() -> new HubClient(address, null).close())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(address);
        }
    }
}
