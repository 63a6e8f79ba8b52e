package org.medley.platform.clinical;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.medley.platform.knowledge.Knowledge;

/**
 * What is known of a patient at first contact. Identifies nobody.
 *
 * @param age in years, 18 to 120: the base knows adults only
 * @param present ids of findings that are there
 * @param absent ids of findings that were looked for and are not there
 * @param risks ids of risk factors
 */
public record PatientCase(
        int age,
        Sex sex,
        String complaint,
        List<String> present,
        List<String> absent,
        List<String> risks,
        Vitals vitals,
        String history,
        List<String> medicines,
        List<String> allergies) {

    /** Sex as far as it decides which conditions are possible. */
    public enum Sex {
        female,
        male
    }

    /** One thing that is wrong with a case, by field. */
    public record Problem(String field, String message) {}

    /** Everything that is wrong, so that it can be mended in one go. */
    public List<Problem> problems(Knowledge knowledge) {
        List<Problem> problems = new ArrayList<>();
        if (age < 18 || age > 120) {
            problems.add(
                    new Problem("age", "is " + age + "; 18 to 120 years are possible, the base knows adults only"));
        }
        if (sex == null) {
            problems.add(new Problem("sex", "is missing; female or male"));
        }
        if (complaint == null || complaint.isBlank() || complaint.length() > 300) {
            problems.add(new Problem("complaint", "must be 1 to 300 characters"));
        }
        known(problems, "present", present, knowledge.findings().keySet(), "finding");
        known(problems, "absent", absent, knowledge.findings().keySet(), "finding");
        known(problems, "risks", risks, knowledge.risks().keySet(), "risk factor");
        for (String finding : present) {
            if (absent.contains(finding)) {
                problems.add(new Problem("absent", "'" + finding + "' is listed as present too"));
            }
        }
        if (history != null && history.length() > 5_000) {
            problems.add(new Problem("history", "is " + history.length() + " characters long; 5000 are possible"));
        }
        texts(problems, "medicines", medicines);
        texts(problems, "allergies", allergies);
        problems.addAll(vitals.problems());
        return problems;
    }

    private static void texts(List<Problem> problems, String field, List<String> values) {
        if (values.size() > 50 || values.stream().anyMatch(v -> v == null || v.isBlank() || v.length() > 200)) {
            problems.add(new Problem(field, "may hold at most 50 entries of 1 to 200 characters"));
        }
    }

    private static void known(
            List<Problem> problems, String field, List<String> ids, Set<String> vocabulary, String what) {
        for (String id : ids) {
            if (!vocabulary.contains(id)) {
                problems.add(new Problem(field, "'" + id + "' is no " + what + " of the vocabulary"));
            }
        }
        if (new LinkedHashSet<>(ids).size() != ids.size()) {
            problems.add(new Problem(field, "lists an entry twice"));
        }
    }

    /** Findings present, those computed from the vitals included, in order and once each. */
    public List<String> allPresent() {
        Set<String> all = new LinkedHashSet<>(present);
        vitals.findings().forEach(f -> all.add(f.finding()));
        return List.copyOf(all);
    }

    /** Findings absent: those stated, and those the vitals rule out; what was measured wins over what was stated. */
    public List<String> allAbsent() {
        Set<String> all = new LinkedHashSet<>(absent);
        all.addAll(vitals.ruledOut());
        allPresent().forEach(all::remove);
        return List.copyOf(all);
    }
}
