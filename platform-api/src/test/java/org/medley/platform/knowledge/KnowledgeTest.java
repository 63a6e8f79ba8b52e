package org.medley.platform.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.platform.knowledge.Knowledge.Condition;

class KnowledgeTest {
    private static final Path ROOT = Path.of("src/main/resources/knowledge");

    private final Knowledge knowledge = KnowledgeLoader.load();

    private static Schema schema() throws IOException {
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(Files.readString(ROOT.resolve("condition.schema.json")));
    }

    private static List<Path> conditionFiles() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve("conditions"))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void everyConditionFollowsTheSchemaAndIsListed() throws IOException {
        Schema schema = schema();
        Set<String> files = new HashSet<>();
        for (Path file : conditionFiles()) {
            assertThat(schema.validate(Files.readString(file), InputFormat.YAML))
                    .as(file.toString())
                    .isEmpty();
            files.add(file.getFileName().toString().replace(".yaml", ""));
        }
        assertThat(files).isEqualTo(knowledge.conditions().keySet());
        assertThat(files).hasSizeGreaterThanOrEqualTo(80);
    }

    @Test
    void theSchemaRefusesWhatIsNotAllowed() throws IOException {
        String right = Files.readString(ROOT.resolve("conditions/cardiopulmonary/pulmonary-embolism.yaml"));
        Schema schema = schema();
        for (String[] change : List.of(
                new String[] {"icd10: I26.9", "icd10: embolism"},
                new String[] {"frequency: usual", "frequency: often"},
                new String[] {"acuity: emergency", "acuteness: emergency"})) {
            String wrong = right.replaceFirst(change[0], change[1]);
            assertThat(wrong).isNotEqualTo(right);
            assertThat(schema.validate(wrong, InputFormat.YAML)).as(change[1]).isNotEmpty();
        }
    }

    @Test
    void specialtiesAreDisjointAndNoTwoConditionsLookAlike() {
        assertThat(knowledge.conditions().values().stream()
                        .collect(Collectors.groupingBy(Condition::specialty, Collectors.counting())))
                .hasSize(3)
                .allSatisfy((specialty, count) -> assertThat(count).isGreaterThan(25));
        assertThat(knowledge.conditions().values().stream()
                        .map(c -> new HashSet<>(c.findings()))
                        .distinct())
                .hasSameSizeAs(knowledge.conditions().values());
    }

    @Test
    void whatSpeaksAgainstIsNeverFrequentAndDangerousConditionsAreMarked() {
        for (Condition condition : knowledge.conditions().values()) {
            condition
                    .against()
                    .forEach(against -> condition.findings().stream()
                            .filter(f -> f.finding().equals(against.finding()))
                            .forEach(f ->
                                    assertThat(f.frequency()).as(condition.id()).isIn("rare", "occasional")));
        }
        assertThat(List.of(
                        "pulmonary-embolism", "subarachnoid-haemorrhage", "aortic-dissection", "bacterial-meningitis"))
                .allSatisfy(id ->
                        assertThat(knowledge.conditions().get(id).cantMiss()).isTrue());
        assertThat(knowledge.notice()).contains("Not clinically validated");
    }

    @Test
    void aSiteMayPutItsOwnNumbersBehindTheBands(@TempDir Path folder) throws IOException {
        String own = Files.readString(ROOT.resolve("bands.yaml"));
        Path file = folder.resolve("bands.yaml");
        Files.writeString(file, own.replace("usual: 0.75", "usual: 0.6"));
        Knowledge site = KnowledgeLoader.load(Optional.of(file));
        assertThat(site.bands().frequency()).containsEntry("usual", 0.6);
        assertThat(site.version()).isNotEqualTo(knowledge.version());
        Files.writeString(file, own.replace("usual: 0.75", "usual: 1.75"));
        assertThatThrownBy(() -> KnowledgeLoader.load(Optional.of(file)))
                .hasMessageContaining("band 'usual' is 1.75; 0.001 to 0.999 is possible");
    }
}
