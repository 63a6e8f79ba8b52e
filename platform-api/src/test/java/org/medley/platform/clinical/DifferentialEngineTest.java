package org.medley.platform.clinical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.platform.clinical.Differential.Evidence;
import org.medley.platform.clinical.Differential.Ranked;
import org.medley.platform.clinical.PatientCase.Sex;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.KnowledgeLoader;

class DifferentialEngineTest {
    private final Knowledge knowledge = KnowledgeLoader.load();
    private final DifferentialEngine engine = new DifferentialEngine(knowledge);

    private static PatientCase patient(int age, Sex sex, List<String> present, List<String> absent, Vitals vitals) {
        return new PatientCase(age, sex, "test", present, absent, List.of(), vitals, null, List.of(), List.of());
    }

    private static Ranked of(Differential differential, String id) {
        return differential.ranked().stream()
                .filter(r -> r.condition().id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "subarachnoid-haemorrhage, thunderclap-headache neck-stiffness vomiting",
        "pulmonary-embolism, sudden-dyspnoea chest-pain-pleuritic leg-swelling-one-sided tachycardia",
        "community-acquired-pneumonia, fever productive-cough crackles bronchial-breathing",
        "acute-appendicitis, migrating-abdominal-pain right-lower-quadrant-pain loss-of-appetite",
        "cauda-equina-syndrome, saddle-numbness urinary-retention both-leg-sciatica",
        "multiple-myeloma, bone-pain back-pain fatigue repeated-infections",
    })
    void theTypicalPictureIsRankedFirst(String condition, String findings) {
        Differential differential =
                engine.rank(patient(55, Sex.female, List.of(findings.split(" ")), List.of(), Vitals.NONE));
        assertThat(differential.ranked().getFirst().condition().id()).isEqualTo(condition);
    }

    @Test
    void probabilitiesSumToOneAndFollowBayesRule() {
        PatientCase bare = patient(50, Sex.male, List.of(), List.of(), Vitals.NONE);
        Differential prior = engine.rank(bare);
        double sum = prior.ranked().stream().mapToDouble(Ranked::probability).sum() + prior.unexplained();
        assertThat(sum).isCloseTo(1, within(1e-9));
        Differential after = engine.rank(patient(50, Sex.male, List.of("haemoptysis"), List.of("fever"), Vitals.NONE));
        double odds = of(after, "pulmonary-embolism").probability() / after.unexplained();
        double before = of(prior, "pulmonary-embolism").probability() / prior.unexplained();
        var condition = knowledge.conditions().get("pulmonary-embolism");
        double ratio = engine.likelihood(condition, "haemoptysis")
                / engine.background("haemoptysis")
                * (1 - engine.likelihood(condition, "fever"))
                / (1 - engine.background("fever"));
        assertThat(odds / before).isCloseTo(ratio, within(1e-9));
    }

    @Test
    void absentFindingsAndMeasurementsCountAndASpecificFindingReplacesItsGeneralOne() {
        Vitals feverish = new Vitals(39.0, 88, null, null, null, null);
        Ranked meningitis = of(
                engine.rank(patient(30, Sex.male, List.of("headache", "neck-stiffness"), List.of(), feverish)),
                "bacterial-meningitis");
        assertThat(meningitis.supporting()).extracting(Evidence::finding).contains("fever", "neck-stiffness");
        Vitals cool = new Vitals(36.6, 88, null, null, null, null);
        Ranked without = of(
                engine.rank(patient(30, Sex.male, List.of("headache", "neck-stiffness"), List.of(), cool)),
                "bacterial-meningitis");
        assertThat(without.opposing()).anySatisfy(e -> {
            assertThat(e.finding()).isEqualTo("fever");
            assertThat(e.present()).isFalse();
        });
        assertThat(without.probability()).isLessThan(meningitis.probability());
        Ranked bleed = of(
                engine.rank(patient(50, Sex.male, List.of("headache", "thunderclap-headache"), List.of(), Vitals.NONE)),
                "subarachnoid-haemorrhage");
        assertThat(bleed.evidence()).extracting(Evidence::finding).doesNotContain("headache");
    }

    @Test
    void sexAndAgeExcludeWhatCannotBe() {
        Differential man = engine.rank(patient(40, Sex.male, List.of("abdominal-pain"), List.of(), Vitals.NONE));
        assertThat(man.ranked()).extracting(r -> r.condition().id()).doesNotContain("ectopic-pregnancy");
        Differential woman = engine.rank(patient(30, Sex.female, List.of("abdominal-pain"), List.of(), Vitals.NONE));
        assertThat(woman.ranked()).extracting(r -> r.condition().id()).contains("ectopic-pregnancy");
    }

    @Test
    void everythingWrongWithACaseIsToldAtOnce() {
        PatientCase wrong = new PatientCase(
                800,
                null,
                " ",
                List.of("fever", "wings"),
                List.of("fever"),
                List.of("bad-luck"),
                new Vitals(99.0, null, 100, 120, null, 101),
                null,
                List.of(),
                List.of());
        assertThat(wrong.problems(knowledge))
                .extracting(PatientCase.Problem::field)
                .containsExactly(
                        "age",
                        "sex",
                        "complaint",
                        "present",
                        "risks",
                        "absent",
                        "vitals.temperatureC",
                        "vitals.oxygenSaturation",
                        "vitals.diastolic");
    }
}
