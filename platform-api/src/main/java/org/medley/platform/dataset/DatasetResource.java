package org.medley.platform.dataset;

import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.annotation.security.RolesAllowed;
import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.medley.platform.Roles;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.dataset.DatasetFiles.Found;
import org.medley.platform.dataset.DatasetRegistry.Facts;
import org.medley.platform.dataset.DatasetViews.DatasetDetail;
import org.medley.platform.dataset.DatasetViews.DatasetView;
import org.medley.platform.dataset.DatasetViews.Place;
import org.medley.platform.dataset.DatasetViews.VersionView;
import org.medley.platform.http.ProblemException;
import org.medley.platform.identity.Caller;
import org.medley.training.data.Format;
import org.medley.training.recipe.BadRecipeException;

/** The datasets of the caller's tenant: what lies in its folder, and the versions registered of it. */
@Path("/api/training/datasets")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
public class DatasetResource {
    private static final int MAX_TEXT = 2_000;
    private static final int MAX_LICENCE = 200;

    private final DatasetVersions versions;
    private final DatasetRegistry registry;
    private final DatasetFiles files;
    private final DatasetUses uses;
    private final Uploads uploads;
    private final Caller caller;
    private final AuditTrail audit;

    DatasetResource(
            DatasetVersions versions,
            DatasetRegistry registry,
            DatasetFiles files,
            DatasetUses uses,
            Uploads uploads,
            Caller caller,
            AuditTrail audit) {
        this.versions = versions;
        this.registry = registry;
        this.files = files;
        this.uses = uses;
        this.uploads = uploads;
        this.caller = caller;
        this.audit = audit;
    }

    /**
     * @param licence an SPDX identifier, or words
     * @param consentNote what there is to say to the basis; needed by legal_basis_other
     * @param format what the records shall be; absent: it is found out
     * @param description absent: what the file NAME.md beside the data says
     */
    record NewVersion(
            @NotNull
            @Pattern(regexp = DatasetFiles.NAME, message = "must be a-z 0-9 . _ - and begin with a letter or digit")
            String name,

            @NotBlank @Size(max = MAX_LICENCE) String licence,
            @NotNull ConsentBasis consentBasis,
            @Size(max = MAX_TEXT) String consentNote,
            @NotNull PhiClass phiClass,
            @NotNull Boolean deIdentified,
            @NotNull Boolean clinical,
            @Size(max = MAX_TEXT) String description,
            Format format) {
        Facts facts() {
            return new Facts(
                    name,
                    licence.strip(),
                    consentBasis,
                    consentNote == null ? "" : consentNote.strip(),
                    phiClass,
                    deIdentified,
                    clinical,
                    description == null ? null : description.strip(),
                    format);
        }
    }

    /** By name: all that is registered, and all that lies in the folder. */
    @GET
    public List<DatasetView> list() {
        Map<String, Found> found = files.all(caller.tenantId());
        Map<String, List<DatasetVersion>> registered = new TreeMap<>();
        versions.of(caller.tenantId())
                .forEach(version -> registered
                        .computeIfAbsent(version.name, any -> new ArrayList<>())
                        .add(version));
        TreeSet<String> names = new TreeSet<>(found.keySet());
        names.addAll(registered.keySet());
        return names.stream()
                .map(name -> view(name, found.get(name), registered.getOrDefault(name, List.of())))
                .toList();
    }

    private DatasetView view(String name, Found found, List<DatasetVersion> all) {
        if (all.isEmpty()) {
            String objection = name.matches(DatasetFiles.NAME)
                    ? "It is not registered: nothing may be trained on it until its licence and consent basis are known."
                    : "No recipe can name it: rename the file, a-z 0-9 . _ - are possible.";
            return new DatasetView(
                    name,
                    Place.unregistered,
                    null,
                    null,
                    null,
                    found.bytes(),
                    found.files(),
                    null,
                    found.description(),
                    objection,
                    List.of());
        }
        DatasetVersion newest = all.getFirst();
        Place place = found == null
                ? Place.absent
                : found.bytes() == newest.bytes && files.isUnchanged(found.path(), newest)
                        ? Place.registered
                        : Place.changed;
        String objection = place == Place.changed && newest.objection() == null
                ? "The file is another than version " + newest.version + ": register it as a new version, or name "
                        + name + "@" + newest.version + " in recipes."
                : newest.objection();
        return new DatasetView(
                name,
                place,
                newest.version,
                newest.sha256,
                newest.records,
                newest.bytes,
                newest.files,
                newest.format,
                newest.description,
                objection,
                all.stream().map(VersionView::of).toList());
    }

    @GET
    @Path("/{id}")
    @Transactional
    public DatasetDetail detail(@RestPath UUID id) {
        DatasetVersion version = versions.of(caller.tenantId(), id);
        return new DatasetDetail(VersionView.of(version), uses.jobs(version.id));
    }

    /** Makes what lies in the folder under a name the next version of that dataset. */
    @POST
    @ResponseStatus(201)
    @APIResponseSchema(value = VersionView.class, responseCode = "201")
    public VersionView register(@NotNull @Valid NewVersion wanted) {
        Facts facts = wanted.facts();
        DatasetRegistry.check(facts);
        try {
            return VersionView.of(registry.register(caller, facts));
        } catch (BadRecipeException e) {
            throw new ProblemException(400, "BAD_DATASET", e.getMessage(), List.of());
        }
    }

    /** Puts a file into the folder. The body is the file itself; it is not registered by that. */
    @POST
    @Path("/files/{file}")
    @Consumes(MediaType.APPLICATION_OCTET_STREAM)
    @ResponseStatus(201)
    @APIResponseSchema(value = Uploads.Uploaded.class, responseCode = "201")
    public Uploads.Uploaded upload(
            @RestPath String file, @RestQuery @DefaultValue("false") boolean replace, InputStream content) {
        Uploads.Uploaded uploaded = uploads.take(caller.tenantId(), file, content, replace);
        QuarkusTransaction.requiringNew()
                .run(() -> audit.record(
                        "training.dataset.upload",
                        "dataset/" + uploaded.name(),
                        Outcome.success,
                        Map.of("file", uploaded.file(), "bytes", uploaded.bytes(), "sha256", uploaded.sha256())));
        return uploaded;
    }

    /** Takes a version out of use for good, and gives up its kept content. */
    @POST
    @Path("/{id}/retirement")
    public VersionView retire(@RestPath UUID id) {
        return VersionView.of(registry.retire(caller, id));
    }
}
