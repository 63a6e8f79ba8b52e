package org.medley.platform.clinical;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.medley.platform.Roles;
import org.medley.platform.http.ProblemException;
import org.medley.platform.knowledge.Knowledge;

/** Cases, their assessments, the written reasoning and the signature. */
@Path("/api/clinical")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.CLINICIAN)
public class ClinicalResource {
    private final ClinicalService service;
    private final ReasoningStream writer;
    private final Knowledge knowledge;

    ClinicalResource(ClinicalService service, ReasoningStream writer, Knowledge knowledge) {
        this.service = service;
        this.writer = writer;
        this.knowledge = knowledge;
    }

    record Term(String id, String label, String kind, List<String> synonyms) {}

    record Vocabulary(List<Term> findings, List<Term> risks, String notice) {}

    @GET
    @Path("/vocabulary")
    public Vocabulary vocabulary() {
        return new Vocabulary(
                knowledge.findings().values().stream()
                        .map(f -> new Term(f.id(), f.label(), f.kind().name(), f.synonyms()))
                        .toList(),
                knowledge.risks().values().stream()
                        .map(r -> new Term(r.id(), r.label(), "risk", r.synonyms()))
                        .toList(),
                knowledge.notice());
    }

    record NewCase(
            String title,
            @NotNull Integer age,
            PatientCase.Sex sex,
            String complaint,
            List<@NotNull String> present,
            List<@NotNull String> absent,
            List<@NotNull String> risks,
            Vitals vitals,
            String history,
            List<@NotNull String> medicines,
            List<@NotNull String> allergies) {

        PatientCase patient() {
            return new PatientCase(
                    age,
                    sex,
                    complaint,
                    orEmpty(present),
                    orEmpty(absent),
                    orEmpty(risks),
                    vitals == null ? Vitals.NONE : vitals,
                    history,
                    orEmpty(medicines),
                    orEmpty(allergies));
        }

        String titleOrComplaint() {
            if (title != null && title.length() > 120) {
                throw ProblemException.badField("title", "has " + title.length() + " characters; 120 are possible");
            }
            return title == null || title.isBlank() ? complaint.strip() : title.strip();
        }

        private static List<String> orEmpty(List<String> list) {
            return list == null ? List.of() : List.copyOf(list);
        }
    }

    record CaseLine(
            UUID id,
            String title,
            int age,
            PatientCase.Sex sex,
            String complaint,
            Instant createdAt,
            int assessments) {}

    record AssessmentLine(UUID id, Instant createdAt, Assessment.Model model, Instant signedAt) {}

    record CaseView(
            UUID id,
            String title,
            int age,
            PatientCase.Sex sex,
            String complaint,
            List<String> present,
            List<String> absent,
            List<String> risks,
            Vitals vitals,
            String history,
            List<String> medicines,
            List<String> allergies,
            String createdBy,
            Instant createdAt,
            List<AssessmentLine> assessments) {}

    @POST
    @Path("/cases")
    @ResponseStatus(201)
    public CaseView create(@NotNull @jakarta.validation.Valid NewCase wanted) {
        PatientCase patient = wanted.patient();
        return view(service.create(patient.complaint() == null ? "" : wanted.titleOrComplaint(), patient));
    }

    @GET
    @Path("/cases")
    public List<CaseLine> cases() {
        List<CaseRecord> records = service.list();
        Map<UUID, Long> counts = service.assessmentCounts();
        return records.stream()
                .map(record -> {
                    PatientCase p = service.patient(record);
                    int count = counts.getOrDefault(record.id, 0L).intValue();
                    return new CaseLine(
                            record.id, record.title, p.age(), p.sex(), p.complaint(), record.createdAt, count);
                })
                .toList();
    }

    @GET
    @Path("/cases/{id}")
    public CaseView one(@RestPath UUID id) {
        return view(service.read(id));
    }

    private CaseView view(CaseRecord record) {
        PatientCase p = service.patient(record);
        return new CaseView(
                record.id,
                record.title,
                p.age(),
                p.sex(),
                p.complaint(),
                p.present(),
                p.absent(),
                p.risks(),
                p.vitals(),
                p.history(),
                p.medicines(),
                p.allergies(),
                record.createdBy,
                record.createdAt,
                service.assessmentsOf(record.id).stream()
                        .map(a -> new AssessmentLine(a.id, a.createdAt, service.model(a), a.signedAt))
                        .toList());
    }

    @POST
    @Path("/cases/{id}/assessments")
    @ResponseStatus(201)
    public Assessment assess(@RestPath UUID id) {
        return service.assess(id);
    }

    @GET
    @Path("/assessments/{id}")
    public Assessment assessment(@RestPath UUID id) {
        return service.assessment(id);
    }

    @POST
    @Path("/assessments/{id}/reasoning")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @RunOnVirtualThread
    public Response reasoning(@RestPath UUID id) {
        return Response.ok(writer.stream(id, service.toReason(id)))
                .type(MediaType.SERVER_SENT_EVENTS_TYPE)
                .header("X-Accel-Buffering", "no")
                .build();
    }

    record SignatureRequest(String note) {}

    @POST
    @Path("/assessments/{id}/signature")
    public Assessment sign(@RestPath UUID id, SignatureRequest request) {
        String note = request == null ? null : request.note;
        if (note != null && note.length() > 2_000) {
            throw ProblemException.badField("note", "has " + note.length() + " characters; 2000 are possible");
        }
        return service.sign(id, note);
    }
}
