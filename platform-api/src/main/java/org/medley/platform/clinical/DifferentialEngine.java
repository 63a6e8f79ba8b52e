package org.medley.platform.clinical;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medley.platform.clinical.Differential.Evidence;
import org.medley.platform.clinical.Differential.Ranked;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Against;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.platform.knowledge.Knowledge.Frequency;
import org.medley.platform.knowledge.Knowledge.RiskFactor;

/**
 * Ranks conditions by Bayes' rule over findings taken as independent given the condition (the model of Warner et al.
 * 1961 and of DXplain's kin). Independence is a simplification that makes high probabilities too high; refinements keep
 * the plainest double counting out. The numbers come from frequency bands, not from patient data.
 */
public final class DifferentialEngine {
    /** Evidence weaker than this is not worth a line. */
    private static final double NOTEWORTHY = 0.1;

    private static final double OUTSIDE_PEAK = 0.5;

    private final Knowledge knowledge;
    private final Map<String, Map<String, Double>> likelihoods = new HashMap<>();

    public DifferentialEngine(Knowledge knowledge) {
        this.knowledge = knowledge;
        for (Condition condition : knowledge.conditions().values()) {
            Map<String, Double> own = new HashMap<>();
            for (Frequency f : condition.findings()) {
                own.put(f.finding(), knowledge.bands().frequency().get(f.frequency()));
            }
            for (Against a : condition.against()) {
                double rarely = background(a.finding()) * knowledge.bands().against();
                own.merge(a.finding(), rarely, Math::min);
            }
            likelihoods.put(condition.id(), own);
        }
    }

    /** Probability that a person with the condition shows the finding. */
    public double likelihood(Condition condition, String finding) {
        return likelihoods.get(condition.id()).getOrDefault(finding, background(finding));
    }

    public double background(String finding) {
        return knowledge
                .bands()
                .background()
                .get(knowledge.findings().get(finding).background());
    }

    public Differential rank(PatientCase patient) {
        Set<String> present = new HashSet<>(patient.allPresent());
        Set<String> absent = new HashSet<>(patient.allAbsent());
        knowledge.refinements().forEach((specific, general) -> {
            if (present.contains(specific)) {
                present.remove(general);
                absent.remove(general);
            }
        });
        List<Ranked> ranked = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        for (Condition condition : knowledge.conditions().values()) {
            double prior = prior(condition, patient);
            if (prior > 0) {
                List<Evidence> evidence = evidence(condition, patient, present, absent);
                scores.add(Math.log(prior)
                        + evidence.stream().mapToDouble(Evidence::weight).sum());
                ranked.add(new Ranked(condition, 0, evidence));
            }
        }
        scores.add(Math.log(knowledge.bands().unexplained()));
        double[] posterior = softmax(scores);
        List<Ranked> result = new ArrayList<>();
        for (int i = 0; i < ranked.size(); i++) {
            Ranked r = ranked.get(i);
            List<Evidence> shown = r.evidence().stream()
                    .filter(e -> Math.abs(e.weight()) >= NOTEWORTHY)
                    .sorted(Comparator.comparingDouble((Evidence e) -> -Math.abs(e.weight()))
                            .thenComparing(Evidence::finding))
                    .toList();
            result.add(new Ranked(r.condition(), posterior[i], shown));
        }
        result.sort(Comparator.comparingDouble(Ranked::probability)
                .reversed()
                .thenComparing(r -> r.condition().id()));
        return new Differential(List.copyOf(result), posterior[posterior.length - 1]);
    }

    /** Prevalence by band, halved outside the usual ages; zero where age or sex exclude the condition. */
    private double prior(Condition condition, PatientCase patient) {
        boolean sexFits = condition.sex().equals("any")
                || condition.sex().equals(patient.sex().name());
        boolean ageFits = patient.age() >= condition.ages().get(0)
                && patient.age() <= condition.ages().get(1);
        if (!sexFits || !ageFits) {
            return 0;
        }
        boolean usual = patient.age() >= condition.peak().get(0)
                && patient.age() <= condition.peak().get(1);
        return knowledge.bands().prevalence().get(condition.prevalence()) * (usual ? 1 : OUTSIDE_PEAK);
    }

    private List<Evidence> evidence(Condition condition, PatientCase patient, Set<String> present, Set<String> absent) {
        List<Evidence> evidence = new ArrayList<>();
        for (String finding : present) {
            double ratio = likelihood(condition, finding) / background(finding);
            evidence.add(new Evidence(finding, label(finding), true, Math.log(ratio), why(condition, finding)));
        }
        for (String finding : absent) {
            double ratio = (1 - likelihood(condition, finding)) / (1 - background(finding));
            evidence.add(new Evidence(finding, label(finding), false, Math.log(ratio), null));
        }
        for (RiskFactor risk : condition.risks()) {
            if (patient.risks().contains(risk.risk())) {
                double factor = knowledge.bands().risk().get(risk.strength());
                String label = knowledge.risks().get(risk.risk()).label();
                evidence.add(new Evidence(risk.risk(), label, true, Math.log(factor), null));
            }
        }
        return evidence;
    }

    private String label(String finding) {
        return knowledge.findings().get(finding).label();
    }

    private static String why(Condition condition, String finding) {
        return condition.against().stream()
                .filter(a -> a.finding().equals(finding))
                .map(Against::why)
                .findFirst()
                .orElse(null);
    }

    private static double[] softmax(List<Double> scores) {
        double max = scores.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        double[] values = scores.stream().mapToDouble(s -> Math.exp(s - max)).toArray();
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] /= sum;
        }
        return values;
    }
}
