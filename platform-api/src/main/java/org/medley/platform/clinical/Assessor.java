package org.medley.platform.clinical;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.medley.platform.clinical.Differential.Ranked;
import org.medley.platform.evidence.EvidenceLibrary;
import org.medley.platform.evidence.EvidenceSearch;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.search.index.Passage;

/** Everything in an assessment that rules compute: no model takes part, and the same case always gives the same. */
@ApplicationScoped
class Assessor {
    private static final int SHOWN = 8;
    private static final int CANT_MISS_SHOWN = 6;
    /** A dangerous condition this unlikely is not named: with everything listed nothing stands out. */
    private static final double CANT_MISS_FLOOR = 0.002;

    private static final double RED_FLAG_FLOOR = 0.01;

    private final Knowledge knowledge;
    private final DifferentialEngine engine;
    private final EvidenceLibrary library;
    private final EvidenceSearch search;

    Assessor(Knowledge knowledge, DifferentialEngine engine, EvidenceLibrary library, EvidenceSearch search) {
        this.knowledge = knowledge;
        this.engine = engine;
        this.library = library;
        this.search = search;
    }

    Assessment.Computed assess(PatientCase patient, Assessment.Model model) {
        Differential differential = engine.rank(patient);
        List<Passage> passages = search.find(ReasoningPrompt.questions(knowledge, patient, differential));
        List<Assessment.Cited> cited = new ArrayList<>();
        for (Passage passage : passages) {
            cited.add(new Assessment.Cited(
                    cited.size() + 1,
                    passage.id(),
                    passage.title(),
                    passage.section(),
                    passage.text(),
                    library.sources(passage.id())));
        }
        return new Assessment.Computed(
                model,
                new Assessment.KnowledgeUsed(knowledge.version(), knowledge.notice()),
                ranked(differential),
                differential.unexplained(),
                cantMiss(differential),
                redFlags(patient, differential),
                nextTests(differential),
                patient.vitals().findings().stream()
                        .map(v -> new Assessment.ComputedVital(v.finding(), label(v.finding()), v.from()))
                        .toList(),
                missing(patient),
                cited,
                new CitationCheck.CaseFindings(
                        stated(patient),
                        labels(patient.allAbsent()),
                        differential.ranked().stream()
                                .limit(SHOWN)
                                .map(r -> r.condition().inText())
                                .toList()),
                ReasoningPrompt.user(knowledge, patient, differential, passages));
    }

    private List<Assessment.Ranked> ranked(Differential differential) {
        List<Assessment.Ranked> shown = new ArrayList<>();
        for (Ranked r : differential
                .ranked()
                .subList(0, Math.min(SHOWN, differential.ranked().size()))) {
            Condition c = r.condition();
            shown.add(new Assessment.Ranked(
                    shown.size() + 1,
                    c.id(),
                    c.name(),
                    c.icd10(),
                    c.specialty(),
                    r.probability(),
                    Assessment.Band.of(r.probability()),
                    c.cantMiss(),
                    r.supporting(),
                    r.opposing(),
                    c.management(),
                    c.sources().stream().map(knowledge.sources()::get).toList()));
        }
        return shown;
    }

    private List<Assessment.CantMiss> cantMiss(Differential differential) {
        return differential.ranked().stream()
                .filter(r -> r.condition().cantMiss() && r.probability() >= CANT_MISS_FLOOR)
                .sorted(Comparator.comparing((Ranked r) -> r.condition().acuity())
                        .thenComparing(
                                Comparator.comparingDouble(Ranked::probability).reversed()))
                .limit(CANT_MISS_SHOWN)
                .map(r -> new Assessment.CantMiss(
                        r.condition().id(), r.condition().name(), r.condition().icd10(), r.probability(), why(r)))
                .toList();
    }

    private static String why(Ranked ranked) {
        List<String> labels = ranked.supporting().stream()
                .limit(2)
                .map(e -> e.present() ? e.label() : "absence of " + e.label())
                .toList();
        String reason = labels.isEmpty() ? "not excluded by what is known" : String.join(", ", labels);
        return ranked.condition().acuity() + ": " + reason;
    }

    private List<Assessment.RedFlag> redFlags(PatientCase patient, Differential differential) {
        Set<String> flags = new LinkedHashSet<>();
        differential.ranked().stream()
                .filter(r -> r.probability() >= RED_FLAG_FLOOR)
                .forEach(r -> flags.addAll(r.condition().redFlags()));
        return patient.allPresent().stream()
                .filter(flags::contains)
                .map(id -> new Assessment.RedFlag(id, label(id)))
                .toList();
    }

    private static List<Assessment.NextTest> nextTests(Differential differential) {
        List<Ranked> top = differential
                .ranked()
                .subList(0, Math.min(3, differential.ranked().size()));
        List<Assessment.NextTest> tests = new ArrayList<>();
        for (int i = 0; i < top.size(); i++) {
            Condition condition = top.get(i).condition();
            Condition other = top.get(i == 0 ? Math.min(1, top.size() - 1) : 0).condition();
            condition.tests().stream()
                    .limit(i == 0 ? 3 : 1)
                    .forEach(test -> tests.add(new Assessment.NextTest(
                            test.test(), condition.name(), test.changes(), List.of(condition.name(), other.name()))));
        }
        return tests;
    }

    private static List<String> missing(PatientCase patient) {
        List<String> missing = new ArrayList<>();
        Vitals v = patient.vitals();
        add(missing, v.temperatureC() == null, "temperature");
        add(missing, v.heartRate() == null, "heart rate");
        add(missing, v.systolic() == null, "blood pressure");
        add(missing, v.respiratoryRate() == null, "respiratory rate");
        add(missing, v.oxygenSaturation() == null, "oxygen saturation");
        add(missing, patient.absent().isEmpty(), "findings looked for and absent");
        add(missing, patient.risks().isEmpty(), "risk factors and history");
        return missing;
    }

    private static void add(List<String> list, boolean isMissing, String what) {
        if (isMissing) {
            list.add(what);
        }
    }

    /** Labels of all that is there: findings, and risk factors, which a reasoning may name as evidence too. */
    private List<String> stated(PatientCase patient) {
        List<String> stated = new ArrayList<>(labels(patient.allPresent()));
        patient.risks().forEach(risk -> stated.add(knowledge.risks().get(risk).label()));
        return stated;
    }

    private List<String> labels(List<String> findings) {
        return findings.stream().map(this::label).toList();
    }

    private String label(String finding) {
        return knowledge.findings().get(finding).label();
    }
}
