package org.medley.platform.clinical;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.http.Problem;
import org.medley.platform.http.ProblemException;
import org.medley.platform.identity.Caller;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.model.ModelRegistry;
import org.medley.platform.model.ServableModel;

/** Cases and assessments of the caller's tenant. Every look at one and every change is an audit event. */
@ApplicationScoped
class ClinicalService {
    private final Cases cases;
    private final Assessments assessments;
    private final Assessor assessor;
    private final Knowledge knowledge;
    private final ModelRegistry models;
    private final Caller caller;
    private final AuditTrail audit;
    private final ObjectMapper json;

    ClinicalService(
            Cases cases,
            Assessments assessments,
            Assessor assessor,
            Knowledge knowledge,
            ModelRegistry models,
            Caller caller,
            AuditTrail audit,
            ObjectMapper json) {
        this.cases = cases;
        this.assessments = assessments;
        this.assessor = assessor;
        this.knowledge = knowledge;
        this.models = models;
        this.caller = caller;
        this.audit = audit;
        this.json = json;
    }

    @Transactional
    CaseRecord create(String title, PatientCase patient) {
        List<Problem.FieldError> errors = patient.problems(knowledge).stream()
                .map(p -> new Problem.FieldError(p.field(), p.message()))
                .toList();
        if (!errors.isEmpty()) {
            Problem.FieldError first = errors.getFirst();
            throw new ProblemException(400, "INVALID", first.field() + " " + first.message(), errors);
        }
        CaseRecord record = new CaseRecord();
        record.id = UUID.randomUUID();
        record.tenantId = caller.tenantId();
        record.createdBy = caller.name();
        record.createdAt = Instant.now();
        record.title = title;
        record.patient = write(patient);
        cases.persistAndFlush(record);
        audit.record("clinical.case.create", "case/" + record.id, Outcome.success, Map.of());
        return record;
    }

    @Transactional
    List<CaseRecord> list() {
        List<CaseRecord> found = cases.newest(caller.tenantId());
        audit.record("clinical.case.list", "cases", Outcome.success, Map.of("count", found.size()));
        return found;
    }

    @Transactional
    CaseRecord read(UUID id) {
        CaseRecord record = find(id);
        audit.record("clinical.case.read", "case/" + id, Outcome.success, Map.of());
        return record;
    }

    private CaseRecord find(UUID id) {
        return cases.of(caller.tenantId(), id).orElseThrow(() -> ProblemException.notFound("case", id));
    }

    @Transactional
    Map<UUID, Long> assessmentCounts() {
        return assessments.countByCase(caller.tenantId());
    }

    @Transactional
    List<AssessmentRecord> assessmentsOf(UUID caseId) {
        return assessments.ofCase(caller.tenantId(), caseId);
    }

    PatientCase patient(CaseRecord record) {
        return parse(record.patient, PatientCase.class);
    }

    Assessment.Model model(AssessmentRecord record) {
        return parse(record.content, Assessment.Computed.class).model();
    }

    /** Computes an assessment and keeps it, named after the model that is in production now. */
    @Transactional
    Assessment assess(UUID caseId) {
        CaseRecord record = find(caseId);
        ServableModel model = models.production(caller.tenantId())
                .orElseThrow(() -> ProblemException.conflict(
                        "NO_MODEL", "no model is in production; an administrator can put one there"));
        Assessment.Computed computed = assessor.assess(
                patient(record), new Assessment.Model(model.id(), model.name(), model.version(), model.sha256()));
        AssessmentRecord assessment = new AssessmentRecord();
        assessment.id = UUID.randomUUID();
        assessment.tenantId = record.tenantId;
        assessment.caseId = caseId;
        assessment.createdBy = caller.name();
        assessment.createdAt = Instant.now();
        assessment.modelId = model.id();
        assessment.content = write(computed);
        assessments.persistAndFlush(assessment);
        audit.record(
                "clinical.assess",
                "assessment/" + assessment.id,
                Outcome.success,
                Map.of("case", caseId.toString(), "model", model.sha256(), "knowledge", knowledge.version()));
        return view(assessment);
    }

    @Transactional
    Assessment assessment(UUID id) {
        AssessmentRecord record = findAssessment(id);
        audit.record("clinical.assessment.read", "assessment/" + id, Outcome.success, Map.of());
        return view(record);
    }

    private AssessmentRecord findAssessment(UUID id) {
        return assessments.of(caller.tenantId(), id).orElseThrow(() -> ProblemException.notFound("assessment", id));
    }

    /** What a model has to be asked for an assessment that is not signed. */
    @Transactional
    Assessment.Computed toReason(UUID id) {
        AssessmentRecord record = findAssessment(id);
        unsigned(record);
        return parse(record.content, Assessment.Computed.class);
    }

    /** Keeps what a model wrote; a later writing replaces an earlier one as long as nobody has signed. */
    @Transactional
    void keep(UUID id, Reasoning reasoning, Outcome outcome) {
        AssessmentRecord record = findAssessment(id);
        unsigned(record);
        record.reasoning = write(reasoning);
        audit.record(
                "clinical.reason",
                "assessment/" + id,
                outcome,
                Map.of(
                        "model",
                                parse(record.content, Assessment.Computed.class)
                                        .model()
                                        .sha256(),
                        "promptTokens", reasoning.usage().promptTokens(),
                        "completionTokens", reasoning.usage().completionTokens()));
    }

    @Transactional
    Assessment sign(UUID id, String note) {
        AssessmentRecord record = findAssessment(id);
        unsigned(record);
        record.signedBy = caller.displayName();
        record.signedAt = Instant.now();
        record.signedNote = note;
        assessments.flush();
        audit.record("clinical.sign", "assessment/" + id, Outcome.success, Map.of());
        return view(record);
    }

    private static void unsigned(AssessmentRecord record) {
        if (record.signedAt != null) {
            throw ProblemException.conflict("SIGNED", "the assessment is signed and does not change any more");
        }
    }

    private Assessment view(AssessmentRecord record) {
        Assessment.Computed c = parse(record.content, Assessment.Computed.class);
        return new Assessment(
                record.id,
                record.caseId,
                record.createdAt,
                c.model(),
                c.knowledge(),
                c.differential(),
                c.unexplained(),
                c.cantMiss(),
                c.redFlags(),
                c.nextTests(),
                c.computedVitals(),
                c.missing(),
                c.passages(),
                record.reasoning == null ? null : parse(record.reasoning, Reasoning.class),
                record.signedAt == null
                        ? null
                        : new Assessment.Signature(record.signedBy, record.signedAt, record.signedNote));
    }

    private String write(Object value) {
        try {
            return json.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot be written as JSON", e);
        }
    }

    private <T> T parse(String text, Class<T> type) {
        try {
            return json.readValue(text, type);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored " + type.getSimpleName() + " cannot be read", e);
        }
    }
}
