package org.medley.platform.clinical;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.medley.platform.knowledge.Knowledge.Source;

/** What a clinician is shown for a case: computed by rules, then explained by a model, then signed by a person. */
record Assessment(
        UUID id,
        UUID caseId,
        Instant createdAt,
        Model model,
        KnowledgeUsed knowledge,
        List<Ranked> differential,
        double unexplained,
        List<CantMiss> cantMiss,
        List<RedFlag> redFlags,
        List<NextTest> nextTests,
        List<ComputedVital> computedVitals,
        List<String> missing,
        List<Cited> passages,
        Reasoning reasoning,
        Signature signed) {

    /** The part that is computed once and then kept as it is. */
    record Computed(
            Model model,
            KnowledgeUsed knowledge,
            List<Ranked> differential,
            double unexplained,
            List<CantMiss> cantMiss,
            List<RedFlag> redFlags,
            List<NextTest> nextTests,
            List<ComputedVital> computedVitals,
            List<String> missing,
            List<Cited> passages,
            CitationCheck.CaseFindings findings,
            String prompt) {}

    /** The model version in production when the case was assessed. */
    record Model(UUID id, String name, int version, String sha256) {}

    record KnowledgeUsed(String version, String notice) {}

    /** How a probability is put in words. */
    enum Band {
        likely,
        possible,
        unlikely;

        static Band of(double probability) {
            return probability >= 0.5 ? likely : probability >= 0.05 ? possible : unlikely;
        }
    }

    record Ranked(
            int rank,
            String conditionId,
            String name,
            String icd10,
            String specialty,
            double probability,
            Band band,
            boolean cantMiss,
            @JsonProperty("for") List<Differential.Evidence> supporting,
            @JsonProperty("against") List<Differential.Evidence> opposing,
            List<String> management,
            List<Source> sources) {}

    record CantMiss(String conditionId, String name, String icd10, double probability, String why) {}

    record RedFlag(String finding, String label) {}

    record NextTest(String test, String condition, String changes, List<String> discriminates) {}

    record ComputedVital(String finding, String label, String from) {}

    /** @param number what the reasoning cites it by */
    record Cited(
            int number,
            String id,
            String title,
            String section,
            String text,
            @JsonProperty("source") List<Source> sources) {}

    record Signature(String by, Instant at, String note) {}
}
