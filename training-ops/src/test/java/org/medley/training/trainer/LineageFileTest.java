package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.weights.BadModelException;

class LineageFileTest {
    @TempDir
    Path folder;

    private static Lineage model(String name, Lineage.Parent... parents) {
        return new Lineage(
                name,
                parents.length > 1 ? "fuse" : "train",
                "hash of " + name,
                "2026-01-02T03:04:05Z",
                "name: " + name,
                List.of(parents),
                List.of(new Lineage.DatasetUse(Lineage.DatasetUse.Role.evaluation, "notes", "abc", 3, 40)),
                List.of(new Lineage.Point(1, 2.5, null, null, 0.5)),
                Map.of("loss", 2.5));
    }

    private static Lineage fused(String name, Lineage base) {
        return model(
                name,
                new Lineage.Parent("base", base),
                new Lineage.Parent("source", model(name + "-left", new Lineage.Parent("start", base))),
                new Lineage.Parent("source", model(name + "-right", new Lineage.Parent("start", base))));
    }

    @Test
    void everyAncestorIsToldOnceAndAllWaysToItAreKept() throws IOException {
        Lineage reader = model("reader", new Lineage.Parent("start", model("root")));
        Lineage family = fused("second", fused("first", reader));

        family.write(folder);

        String text = Files.readString(folder.resolve(Lineage.FILE));
        for (String name : List.of("root", "reader", "first", "first-left", "second-right")) {
            assertThat(text.split("\"recipe\" : \"name: " + name + "\"", -1))
                    .as(name)
                    .hasSize(2);
        }
        assertThat(Lineage.read(folder, "hash of second")).isEqualTo(family);
    }

    @Test
    void modelsOfTheSameWeightsKeepTheirOwnStories() throws IOException {
        Lineage one = model("one");
        Lineage two = new Lineage("two", "grow", one.sha256(), null, null, null, null, null, null);
        Lineage family = model("family", new Lineage.Parent("source", one), new Lineage.Parent("source", two));

        family.write(folder);

        assertThat(Lineage.read(folder, "hash of family")).isEqualTo(family);
    }

    @Test
    void ancestorsToldInFullEachTimeAreRead() throws IOException {
        Files.writeString(folder.resolve(Lineage.FILE), """
                {"name": "b", "kind": "fuse", "sha256": "3", "parents": [
                  {"role": "base", "lineage": {"name": "a", "kind": "train", "sha256": "1"}},
                  {"role": "source", "lineage": {"name": "c", "kind": "train", "sha256": "2", "parents": [
                    {"role": "start", "lineage": {"name": "a", "kind": "train", "sha256": "1"}}]}}]}
                """);

        Lineage lineage = Lineage.read(folder, "3");

        assertThat(lineage.parents().get(1).lineage().parents().getFirst().lineage())
                .isEqualTo(lineage.parents().getFirst().lineage());
    }

    @Test
    void manyGenerationsOfFusionsStaySmall() throws IOException {
        Lineage family = model("root");
        for (int generation = 0; generation < 12; generation++) {
            family = fused("g" + generation, family);
        }

        family.write(folder);

        assertThat(Files.size(folder.resolve(Lineage.FILE))).isLessThan(64 << 10);
    }

    @Test
    void aParentThatWasNotToldIsRefused() throws IOException {
        Files.writeString(folder.resolve(Lineage.FILE), """
                {"name": "b", "kind": "train", "sha256": "3", "parents": [{"role": "start", "told": {"sha256": "7"}}]}
                """);

        assertThatThrownBy(() -> Lineage.read(folder, "3"))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining(Lineage.FILE)
                .hasMessageContaining("names a parent")
                .hasMessageContaining("sha256=7");
    }

    @Test
    void anotherModelsLineageIsRefused() throws IOException {
        model("root").write(folder);

        assertThatThrownBy(() -> Lineage.read(folder, "other")).hasMessageContaining("hash of root");
    }
}
