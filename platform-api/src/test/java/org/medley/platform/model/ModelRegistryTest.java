package org.medley.platform.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.inject.Inject;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.platform.PlatformTest;
import org.medley.platform.audit.Actor;
import org.medley.platform.http.ProblemException;
import org.medley.platform.identity.TenantFolders;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.SafetensorsWriter;
import org.medley.training.trainer.Lineage;

@PlatformTest
class ModelRegistryTest {
    @Inject
    ModelRegistry registry;

    @Inject
    ModelVersions models;

    @Inject
    TenantFolders folders;

    @TempDir
    Path folder;

    private Actor admin() {
        return Actor.of(folders.first().orElseThrow(), "tester", Set.of("admin"));
    }

    /** A folder that is a model in form; {@code value} makes it another one. */
    private Path model(String name, float value) throws Exception {
        Path made = Files.createDirectories(folder.resolve(name));
        Files.writeString(made.resolve("config.json"), "{}");
        Files.writeString(made.resolve("tokenizer.json"), "{}");
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer = new SafetensorsWriter(
                        made.resolve("model.safetensors"),
                        Map.of("w", new SafetensorsWriter.Declared(DType.F32, new int[] {2, 3})),
                        Map.of())) {
            writer.write("w", Tensor.of(arena, new float[] {value, 1, 2, 3, 4, 5}, 2, 3));
            writer.finish();
        }
        return made;
    }

    private static Lineage lineage(String name, String sha256, Lineage.Parent... parents) {
        return new Lineage(
                name, "fuse", sha256, "2026-01-02T03:04:05Z", null, List.of(parents), List.of(), List.of(), Map.of());
    }

    private ModelVersion row(UUID id) {
        return QuarkusTransaction.requiringNew().call(() -> {
            ModelVersion row = models.of(admin().tenantId(), id);
            assertThat(row.parents).isNotNull().allMatch(link -> link.parent.name != null);
            return row;
        });
    }

    @Test
    void ancestorsThatAreNotHereAreKnownAndNotServable() throws Exception {
        Path made = model("fused", 11);
        String name = "m" + UUID.randomUUID();
        String grandparent = "a".repeat(63) + "1";
        lineage(
                        name,
                        new ModelFolder(made).sha256(),
                        new Lineage.Parent(
                                "source",
                                lineage(
                                        name + "-parent",
                                        "b".repeat(63) + "1",
                                        new Lineage.Parent("start", lineage(name + "-reader", grandparent)))))
                .write(made);
        ServableModel model = registry.register(admin(), registry.keep(made));
        ModelVersion row = row(model.id());
        assertThat(row.parameters).isEqualTo(6);
        assertThat(row.parents).hasSize(1);
        ModelVersion parent = row.parents.getFirst().parent;
        assertThat(parent.isServable()).isFalse();
        assertThat(parent.name).isEqualTo(name + "-parent");
        assertThatThrownBy(() -> registry.promote(admin(), parent.id, "try"))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("not here");
    }

    @Test
    void theSameModelIsRegisteredOnceAndWhatIsRegisteredStaysAsItWas() throws Exception {
        Path made = model("again", 12);
        ServableModel first = registry.register(admin(), registry.keep(made));
        assertThat(registry.register(admin(), registry.keep(made))).isEqualTo(first);
        Files.delete(made.resolve("model.safetensors"));
        model("again", 13);
        ServableModel second = registry.register(admin(), registry.keep(made));
        assertThat(second.version()).isEqualTo(first.version() + 1);
        assertThat(new ModelFolder(first.folder()).sha256()).isEqualTo(first.sha256());
        assertThat(new ModelFolder(second.folder()).sha256()).isEqualTo(second.sha256());
    }

    /** What makes a model's vectors lies in a folder of its own and is part of what it is known by. */
    @Test
    void settingsInAFolderWithinAreKept() throws Exception {
        Path made = model("pooled" + UUID.randomUUID(), 15);
        EmbeddingSettings.Pooling.LAST.write(made);
        Files.writeString(Files.createDirectories(made.resolve(".cache")).resolve("left.json"), "{}");
        ServableModel kept = registry.register(admin(), registry.keep(made));
        assertThat(kept.sha256()).isEqualTo(new ModelFolder(made).sha256());
        assertThat(new ModelFolder(kept.folder()).sha256()).isEqualTo(kept.sha256());
        assertThat(kept.folder().resolve(".cache")).doesNotExist();
        try (Stream<Path> beside = Files.list(kept.folder().getParent())) {
            assertThat(beside.filter(path -> path.getFileName().toString().startsWith(".new")))
                    .isEmpty();
        }
    }

    @Test
    void aLineageThatNobodyKnowsTheKindOfIsRefused() throws Exception {
        Path made = model("odd", 16);
        String hash = new ModelFolder(made).sha256();
        new Lineage("odd", "dream", hash, null, null, List.of(), List.of(), List.of(), Map.of()).write(made);
        assertThatThrownBy(() -> registry.register(admin(), registry.keep(made)))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("says kind 'dream'; possible: train, fuse, grow, import");
    }

    @Test
    void aLineageOfAnotherModelIsRefused() throws Exception {
        Path made = model("stolen", 14);
        lineage("stolen", "c".repeat(64)).write(made);
        assertThatThrownBy(() -> registry.keep(made))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("speaks of a model with SHA-256 ccc");
    }
}
