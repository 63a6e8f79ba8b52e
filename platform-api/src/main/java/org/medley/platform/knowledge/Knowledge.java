package org.medley.platform.knowledge;

import java.util.List;
import java.util.Map;

/**
 * The clinical knowledge base: conditions with their findings as frequency bands, the vocabulary of findings and risks,
 * and the documents behind them. Not clinically validated.
 *
 * @param version SHA-256 over all of its files, shortened
 * @param refinements specific finding to the general one it includes: the general one then adds no evidence of its own
 */
public record Knowledge(
        String version,
        String notice,
        Bands bands,
        Map<String, Finding> findings,
        Map<String, Risk> risks,
        Map<String, Source> sources,
        Map<String, Condition> conditions,
        Map<String, String> refinements) {

    /**
     * The one place where bands become numbers.
     *
     * @param frequency probability of a finding given the condition
     * @param background probability of a finding in people without a condition that explains it
     * @param prevalence relative prior weight
     * @param risk factor on the prior weight
     * @param against factor on the background of a finding that speaks against a condition
     * @param unexplained prior weight of everything the base does not hold
     */
    public record Bands(
            Map<String, Double> frequency,
            Map<String, Double> background,
            Map<String, Double> prevalence,
            Map<String, Double> risk,
            double against,
            double unexplained) {}

    /** @param sex the only sex in which it occurs, or null */
    public record Finding(String id, String label, Kind kind, String background, List<String> synonyms, String sex) {}

    /** Who observes a finding. A vital is computed from measurements. */
    public enum Kind {
        symptom,
        sign,
        vital,
        history
    }

    /** @param sex the only sex in which it occurs, or null */
    public record Risk(String id, String label, List<String> synonyms, String sex) {}

    public record Source(String id, String title, String body, int year) {}

    public record Frequency(String finding, String frequency) {}

    public record Against(String finding, String why) {}

    public record RiskFactor(String risk, String strength) {}

    public record Test(String test, String changes) {}

    /** What each part of a monograph is about. */
    public record Monograph(String presentation, String distinguishing, String investigation, String management) {}

    /** How soon a condition has to be acted on. */
    public enum Acuity {
        emergency,
        urgent,
        routine
    }

    public record Condition(
            String id,
            String name,
            String icd10,
            String specialty,
            String prevalence,
            Acuity acuity,
            boolean cantMiss,
            String sex,
            List<Integer> ages,
            List<Integer> peak,
            List<Frequency> findings,
            List<Against> against,
            List<RiskFactor> risks,
            List<String> redFlags,
            List<Test> tests,
            List<String> management,
            Monograph monograph,
            List<String> sources) {

        /** The name as it stands inside a sentence. */
        public String inText() {
            boolean abbreviation = name.length() > 1 && Character.isUpperCase(name.charAt(1));
            boolean properName = EPONYMS.stream().anyMatch(name::startsWith);
            return abbreviation || properName ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
        }

        private static final List<String> EPONYMS = List.of("Guillain", "Bell", "Wernicke", "Crohn", "Parkinson");
    }
}
