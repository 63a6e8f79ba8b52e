package org.medley.platform.clinical;

import java.util.ArrayList;
import java.util.List;
import org.medley.platform.clinical.PatientCase.Problem;

/**
 * Measurements; null where none was taken.
 *
 * @param temperatureC degrees Celsius
 * @param heartRate beats per minute
 * @param systolic mmHg
 * @param diastolic mmHg
 * @param respiratoryRate breaths per minute
 * @param oxygenSaturation percent
 */
public record Vitals(
        Double temperatureC,
        Integer heartRate,
        Integer systolic,
        Integer diastolic,
        Integer respiratoryRate,
        Integer oxygenSaturation) {

    public static final Vitals NONE = new Vitals(null, null, null, null, null, null);

    /** A finding that follows from a measurement, with the measurement as text. */
    public record Computed(String finding, String from) {}

    private record Rule(String finding, Number value, boolean holds, String text) {}

    /** Thresholds as stated in the labels' synonyms in the vocabulary. */
    private List<Rule> rules() {
        List<Rule> rules = new ArrayList<>();
        if (temperatureC != null) {
            rules.add(new Rule("fever", temperatureC, temperatureC >= 38.0, "temperature " + temperatureC + " °C"));
            rules.add(
                    new Rule("hypothermia", temperatureC, temperatureC < 35.0, "temperature " + temperatureC + " °C"));
        }
        if (heartRate != null) {
            rules.add(new Rule("tachycardia", heartRate, heartRate > 100, "heart rate " + heartRate + "/min"));
            rules.add(new Rule("bradycardia", heartRate, heartRate < 50, "heart rate " + heartRate + "/min"));
        }
        if (systolic != null) {
            rules.add(new Rule("hypotension", systolic, systolic < 90, "systolic " + systolic + " mmHg"));
            rules.add(new Rule("severe-hypertension", systolic, systolic >= 180, "systolic " + systolic + " mmHg"));
        }
        if (respiratoryRate != null) {
            rules.add(new Rule(
                    "tachypnoea",
                    respiratoryRate,
                    respiratoryRate > 22,
                    "respiratory rate " + respiratoryRate + "/min"));
        }
        if (oxygenSaturation != null) {
            rules.add(new Rule(
                    "hypoxaemia",
                    oxygenSaturation,
                    oxygenSaturation < 92,
                    "oxygen saturation " + oxygenSaturation + " %"));
        }
        return rules;
    }

    public List<Computed> findings() {
        return rules().stream()
                .filter(Rule::holds)
                .map(rule -> new Computed(rule.finding, rule.text))
                .toList();
    }

    List<String> ruledOut() {
        return rules().stream().filter(rule -> !rule.holds).map(Rule::finding).toList();
    }

    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        range(problems, "vitals.temperatureC", temperatureC, 25, 45, "°C");
        range(problems, "vitals.heartRate", heartRate, 0, 300, "per minute");
        range(problems, "vitals.systolic", systolic, 0, 300, "mmHg");
        range(problems, "vitals.diastolic", diastolic, 0, 200, "mmHg");
        range(problems, "vitals.respiratoryRate", respiratoryRate, 0, 80, "per minute");
        range(problems, "vitals.oxygenSaturation", oxygenSaturation, 0, 100, "percent");
        if (systolic != null && diastolic != null && diastolic > systolic) {
            problems.add(new Problem("vitals.diastolic", "is above the systolic pressure"));
        }
        return problems;
    }

    private static void range(List<Problem> problems, String field, Number value, double min, double max, String unit) {
        if (value != null && !(value.doubleValue() >= min && value.doubleValue() <= max)) {
            problems.add(new Problem(
                    field, "is " + value + "; " + (int) min + " to " + (int) max + " " + unit + " are possible"));
        }
    }
}
