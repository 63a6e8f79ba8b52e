package org.medley.platform.starter;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.medley.platform.clinical.Differential;
import org.medley.platform.clinical.DifferentialEngine;
import org.medley.platform.clinical.PatientCase;
import org.medley.platform.clinical.Vitals;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.platform.knowledge.Knowledge.Finding;
import org.medley.platform.knowledge.Knowledge.Frequency;
import org.medley.platform.knowledge.Knowledge.Kind;

/**
 * Draws synthetic cases from the knowledge base: a condition, findings by its frequency bands, some of the background's,
 * risks, measurements, and a complaint in one of several phrasings. Deterministic given the random source.
 */
final class VignetteGenerator {
    /** How a complaint is worded; {s} is the leading symptom. */
    static final List<String> PHRASINGS = List.of(
            "{s}",
            "{s} since this morning",
            "{s} for two days",
            "{s} for about a week",
            "comes because of {s}",
            "worried about {s}",
            "{s} and feels unwell",
            "sent in by the family with {s}",
            "{s} getting worse",
            "says it began with {s}");

    private static final double RISK_PROBABILITY = 0.4;
    private static final int MIN_PRESENT = 3;

    private final Knowledge knowledge;
    private final DifferentialEngine engine;
    private final List<String> findingIds;
    private final List<String> conditionIds;

    VignetteGenerator(Knowledge knowledge, DifferentialEngine engine) {
        this.knowledge = knowledge;
        this.engine = engine;
        this.findingIds = List.copyOf(knowledge.findings().keySet());
        this.conditionIds = List.copyOf(knowledge.conditions().keySet());
    }

    /** A drawn case with the condition it was drawn from. */
    record Vignette(Condition condition, int phrasing, PatientCase patient) {}

    /** One in five pairs of condition and phrasing is kept for testing and never trained on. */
    boolean heldOut(Condition condition, int phrasing) {
        return (conditionIds.indexOf(condition.id()) * 3 + phrasing) % 5 == 0;
    }

    Vignette draw(Condition condition, boolean heldOut, SplittableRandom random) {
        int phrasing;
        do {
            phrasing = random.nextInt(PHRASINGS.size());
        } while (heldOut(condition, phrasing) != heldOut);
        while (true) {
            PatientCase patient = patient(condition, phrasing, random);
            if (patient != null) {
                return new Vignette(condition, phrasing, patient);
            }
        }
    }

    private PatientCase patient(Condition condition, int phrasing, SplittableRandom random) {
        PatientCase.Sex sex = condition.sex().equals("any")
                ? random.nextBoolean() ? PatientCase.Sex.female : PatientCase.Sex.male
                : PatientCase.Sex.valueOf(condition.sex());
        List<String> present = new ArrayList<>();
        List<String> absent = new ArrayList<>();
        for (Frequency f : condition.findings()) {
            double probability = knowledge.bands().frequency().get(f.frequency());
            if (random.nextDouble() < probability) {
                present.add(f.finding());
            } else if (random.nextDouble() < 0.5) {
                absent.add(f.finding());
            }
        }
        for (List<String> list : List.of(present, absent)) {
            list.removeIf(id -> !occurs(knowledge.findings().get(id).sex(), sex));
        }
        if (present.size() < MIN_PRESENT) {
            return null;
        }
        for (int i = 0; i < 6; i++) {
            String other = findingIds.get(random.nextInt(findingIds.size()));
            boolean possible = occurs(knowledge.findings().get(other).sex(), sex);
            if (possible && !present.contains(other) && !absent.contains(other)) {
                boolean shown = random.nextDouble() < engine.background(other);
                (shown ? present : absent).add(other);
            }
        }
        knowledge.refinements().forEach((specific, general) -> {
            if (present.contains(specific)) {
                absent.remove(general);
            }
        });
        List<String> risks = new ArrayList<>();
        condition.risks().forEach(r -> {
            if (occurs(knowledge.risks().get(r.risk()).sex(), sex) && random.nextDouble() < RISK_PROBABILITY) {
                risks.add(r.risk());
            }
        });
        List<Integer> range = random.nextInt(5) == 0 ? condition.ages() : condition.peak();
        int age = Math.clamp(random.nextInt(range.get(0), range.get(1) + 1), 18, 95);
        List<String> symptoms = told(condition, present);
        if (symptoms.isEmpty()) {
            return null;
        }
        Finding leading = knowledge.findings().get(symptoms.getFirst());
        List<String> wordings = new ArrayList<>(leading.synonyms());
        wordings.add(leading.label());
        String complaint = PHRASINGS.get(phrasing).replace("{s}", wordings.get(random.nextInt(wordings.size())));
        Vitals vitals = vitals(present, absent, random);
        present.removeIf(this::isVital);
        absent.removeIf(this::isVital);
        shuffle(present, random);
        shuffle(absent, random);
        return new PatientCase(age, sex, complaint, present, absent, risks, vitals, null, List.of(), List.of());
    }

    private static boolean occurs(String only, PatientCase.Sex sex) {
        return only == null || only.equals(sex.name());
    }

    private boolean isVital(String finding) {
        return knowledge.findings().get(finding).kind() == Kind.vital;
    }

    /** Present symptoms, the most telling first. */
    private List<String> told(Condition condition, List<String> present) {
        return present.stream()
                .filter(id -> knowledge.findings().get(id).kind() == Kind.symptom)
                .sorted(Comparator.comparingDouble(
                        id -> -Math.log(engine.likelihood(condition, id) / engine.background(id))))
                .toList();
    }

    /** Measurements that show exactly the vital findings drawn; a vital that was not drawn is usually measured normal. */
    private static Vitals vitals(List<String> present, List<String> absent, SplittableRandom random) {
        boolean measured = random.nextInt(4) > 0;
        Double temperature = present.contains("fever")
                ? Double.valueOf((380 + random.nextInt(20)) / 10.0)
                : present.contains("hypothermia")
                        ? Double.valueOf((330 + random.nextInt(19)) / 10.0)
                        : measured || absent.contains("fever")
                                ? Double.valueOf((362 + random.nextInt(12)) / 10.0)
                                : null;
        Integer heartRate = present.contains("tachycardia")
                ? Integer.valueOf(101 + random.nextInt(40))
                : present.contains("bradycardia")
                        ? Integer.valueOf(34 + random.nextInt(15))
                        : measured || absent.contains("tachycardia") ? Integer.valueOf(60 + random.nextInt(36)) : null;
        Integer systolic = present.contains("hypotension")
                ? Integer.valueOf(68 + random.nextInt(21))
                : present.contains("severe-hypertension")
                        ? Integer.valueOf(180 + random.nextInt(40))
                        : measured || absent.contains("hypotension") ? Integer.valueOf(110 + random.nextInt(45)) : null;
        Integer respiratoryRate = present.contains("tachypnoea")
                ? Integer.valueOf(23 + random.nextInt(12))
                : absent.contains("tachypnoea") ? Integer.valueOf(12 + random.nextInt(6)) : null;
        Integer saturation = present.contains("hypoxaemia")
                ? Integer.valueOf(80 + random.nextInt(12))
                : measured || absent.contains("hypoxaemia") ? Integer.valueOf(95 + random.nextInt(5)) : null;
        return new Vitals(temperature, heartRate, systolic, null, respiratoryRate, saturation);
    }

    static <T> void shuffle(List<T> list, SplittableRandom random) {
        for (int i = list.size() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            T held = list.get(i);
            list.set(i, list.get(j));
            list.set(j, held);
        }
    }

    /** The differential of a case, reordered so that the true condition leads: what is learned without a ranking. */
    static List<Condition> truthFirst(Condition truth, Differential differential) {
        List<Condition> order = new ArrayList<>(List.of(truth));
        differential.ranked().stream()
                .map(Differential.Ranked::condition)
                .filter(c -> !c.id().equals(truth.id()))
                .limit(2)
                .forEach(order::add);
        return order;
    }
}
