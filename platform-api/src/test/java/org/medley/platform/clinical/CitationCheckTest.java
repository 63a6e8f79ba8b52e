package org.medley.platform.clinical;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.medley.platform.clinical.Reasoning.Sentence;
import org.medley.platform.clinical.Reasoning.Status;

class CitationCheckTest {
    private static final List<Assessment.Cited> PASSAGES = List.of(
            new Assessment.Cited(
                    1,
                    "pulmonary-embolism#presentation",
                    "Pulmonary embolism",
                    "presentation",
                    "Pulmonary embolism typically brings sudden breathlessness, pain on breathing in and a fast heart rate.",
                    List.of()),
            new Assessment.Cited(
                    2,
                    "migraine#presentation",
                    "Migraine",
                    "presentation",
                    "Migraine causes throbbing headache with nausea.",
                    List.of()));

    private static final CitationCheck.CaseFindings FINDINGS = new CitationCheck.CaseFindings(
            List.of("swelling of one leg", "sudden breathlessness"),
            List.of("fast heart rate"),
            List.of("pulmonary embolism", "migraine"));

    private static final List<String> VOCABULARY = List.of(
            "swelling of one leg", "fast heart rate", "throbbing headache", "sudden breathlessness", "breathlessness");

    private static Sentence only(String text) {
        List<Sentence> sentences = CitationCheck.check(text, PASSAGES, FINDINGS, VOCABULARY);
        assertThat(sentences).hasSize(1);
        return sentences.getFirst();
    }

    @Test
    void aSentenceThatItsPassageHoldsIsSupported() {
        Sentence sentence = only("Sudden breathlessness and swelling of one leg fit pulmonary embolism [1].");
        assertThat(sentence.status()).isEqualTo(Status.supported);
        assertThat(sentence.citations()).containsExactly(1);
        assertThat(sentence.support()).isEqualTo(1);
    }

    @Test
    void aWrongAMissingAndAnInventedCitationAreTold() {
        assertThat(only("Sudden breathlessness fits pulmonary embolism [2].").status())
                .isEqualTo(Status.unsupported);
        assertThat(only("Sudden breathlessness fits pulmonary embolism.").status())
                .isEqualTo(Status.uncited);
        assertThat(only("Sudden breathlessness fits pulmonary embolism [9].").status())
                .isEqualTo(Status.unsupported);
        assertThat(only("Thrombolysis with alteplase lowers mortality greatly [1].")
                        .status())
                .isEqualTo(Status.unsupported);
    }

    @Test
    void whatTheCaseContradictsIsUnsupportedWhateverThePassageHolds() {
        assertThat(only("The absence of swelling of one leg makes pulmonary embolism less certain [1].")
                        .status())
                .isEqualTo(Status.unsupported);
        assertThat(only("A fast heart rate fits pulmonary embolism [1].").status())
                .isEqualTo(Status.unsupported);
        assertThat(only("Throbbing headache fits migraine [2].").status())
                .as("it is in the passage, but nobody entered it")
                .isEqualTo(Status.unsupported);
        assertThat(only("The absence of throbbing headache makes migraine less certain [2].")
                        .status())
                .as("nobody asked for it")
                .isEqualTo(Status.unsupported);
        assertThat(only("The absence of fast heart rate makes pulmonary embolism less certain [1].")
                        .status())
                .isEqualTo(Status.supported);
    }

    @Test
    void aNameIsCitedToAPassageThatSpeaksOfIt() {
        assertThat(only("Most likely is pulmonary embolism [1]; next comes migraine [2].")
                        .status())
                .isEqualTo(Status.supported);
        assertThat(only("Most likely is pulmonary embolism [1]; next comes pulmonary embolism [2].")
                        .status())
                .isEqualTo(Status.unsupported);
    }

    @Test
    void sentencesAreCutAfterTheirCitations() {
        List<Sentence> sentences = CitationCheck.check(
                "Migraine causes nausea [2]. Sudden breathlessness [1]. Rest.", PASSAGES, FINDINGS, VOCABULARY);
        assertThat(sentences).extracting(Sentence::text).hasSize(3);
        assertThat(sentences)
                .extracting(Sentence::status)
                .containsExactly(Status.supported, Status.supported, Status.uncited);
    }
}
