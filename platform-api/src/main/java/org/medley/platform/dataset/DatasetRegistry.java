package org.medley.platform.dataset;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.dataset.DatasetFiles.Found;
import org.medley.platform.http.ProblemException;
import org.medley.training.data.Census;
import org.medley.training.data.Format;
import org.medley.training.job.PinnedDataset;
import org.medley.training.recipe.BadRecipeException;

/** Which versions of datasets there are, and which of them a recipe's name means. */
@ApplicationScoped
public class DatasetRegistry {
    private static final long WRITE_LOCK = 0x4441544153455453L;
    private static final Pattern REFERENCE = Pattern.compile("(" + DatasetFiles.NAME + ")(?:@([1-9]\\d{0,8}))?");

    private final DatasetVersions versions;
    private final DatasetFiles files;
    private final DatasetUses uses;
    private final EntityManager database;
    private final AuditTrail audit;

    DatasetRegistry(
            DatasetVersions versions, DatasetFiles files, DatasetUses uses, EntityManager database, AuditTrail audit) {
        this.versions = versions;
        this.files = files;
        this.uses = uses;
        this.database = database;
        this.audit = audit;
    }

    /**
     * What the folder cannot tell of a dataset.
     *
     * @param format null to find out
     * @param description null to take what is written beside the data
     */
    record Facts(
            String name,
            String licence,
            ConsentBasis consentBasis,
            String consentNote,
            PhiClass phiClass,
            boolean deIdentified,
            boolean clinical,
            String description,
            Format format) {}

    /**
     * A version that a recipe's name means.
     *
     * @param pin what the job is to find, whenever its turn comes
     */
    public record Resolved(UUID id, String name, int version, String sha256, PinnedDataset pin) {}

    /** A version, for who meets its content. */
    public record Described(
            UUID id,
            String name,
            int version,
            String licence,
            String consentBasis,
            String phiClass,
            boolean deIdentified,
            boolean clinical) {}

    /** Makes what lies in the folder the next version; reads it through first. */
    DatasetVersion register(Actor actor, Facts facts) {
        UUID tenant = actor.tenantId();
        Found found = files.find(tenant, facts.name)
                .orElseThrow(() -> ProblemException.badField(
                        "name", "there is no dataset '" + facts.name + "' in the folder; upload it first"));
        // Outside of the transaction: data may be large.
        Census census = files.census(found.path(), facts.format);
        return keep(actor, facts, found, census);
    }

    @Transactional
    DatasetVersion keep(Actor actor, Facts facts, Found found, Census census) {
        database.createNativeQuery("SELECT 1 FROM pg_advisory_xact_lock(" + WRITE_LOCK + ")")
                .getSingleResult();
        List<DatasetVersion> before = versions.named(actor.tenantId(), facts.name);
        DatasetVersion version = new DatasetVersion();
        version.id = UUID.randomUUID();
        version.tenantId = actor.tenantId();
        version.name = facts.name;
        version.version = before.isEmpty() ? 1 : before.getFirst().version + 1;
        version.sha256 = census.sha256();
        version.bytes = census.bytes();
        version.files = census.files();
        version.records = census.records();
        version.format = census.format();
        version.licence = facts.licence;
        version.consentBasis = facts.consentBasis;
        version.consentNote = facts.consentNote;
        version.phiClass = facts.phiClass;
        version.deIdentified = facts.deIdentified;
        version.clinical = facts.clinical;
        version.description = facts.description == null ? found.description() : facts.description;
        version.stamp = found.stamp();
        version.createdBy = actor.name();
        version.createdAt = Instant.now().truncatedTo(ChronoUnit.MICROS);
        if (!before.isEmpty() && before.getFirst().retiredAt == null && says(before.getFirst(), version)) {
            throw ProblemException.conflict(
                    "ALREADY_REGISTERED",
                    "this content is " + before.getFirst().label() + " already, with the same facts");
        }
        version.kept = files.keep(found, version.version);
        if (!files.isUnchanged(files.folder(actor.tenantId()).resolve(version.kept), version)) {
            throw ProblemException.conflict(
                    "DATASET_CHANGES",
                    "dataset '" + facts.name + "' changed while it was read; wait until nothing writes to it");
        }
        versions.persistAndFlush(version);
        audit.record(
                actor,
                "training.dataset.register",
                "dataset/" + version.id,
                Outcome.success,
                Map.of(
                        "name", version.name,
                        "version", version.version,
                        "sha256", version.sha256,
                        "consentBasis", version.consentBasis.name(),
                        "phiClass", version.phiClass.name(),
                        "clinical", version.clinical,
                        "deIdentified", version.deIdentified));
        return version;
    }

    private static boolean says(DatasetVersion a, DatasetVersion b) {
        return a.sha256.equals(b.sha256)
                && a.format == b.format
                && a.licence.equals(b.licence)
                && a.consentBasis == b.consentBasis
                && a.consentNote.equals(b.consentNote)
                && a.phiClass == b.phiClass
                && a.deIdentified == b.deIdentified
                && a.clinical == b.clinical
                && a.description.equals(b.description);
    }

    /** Takes a version out of use for good and gives up its kept content; what was trained on it keeps its lineage. */
    DatasetVersion retire(Actor actor, UUID id) {
        DatasetVersion version = mark(actor, id);
        files.forget(files.folder(actor.tenantId()), version.kept);
        return version;
    }

    @Transactional
    DatasetVersion mark(Actor actor, UUID id) {
        DatasetVersion version = versions.of(actor.tenantId(), id);
        if (version.retiredAt != null) {
            throw ProblemException.conflict(
                    "ALREADY_RETIRED", version.label() + " was retired by " + version.retiredBy);
        }
        List<String> users = uses.jobs(id).stream()
                .filter(job -> !job.state().isEnd())
                .map(job -> "job " + job.name())
                .toList();
        if (!users.isEmpty()) {
            throw ProblemException.conflict(
                    "DATASET_IN_USE",
                    version.label() + " is what " + String.join(", ", users)
                            + " is to be trained on; cancel that or let it end first");
        }
        version.retiredBy = actor.name();
        version.retiredAt = Instant.now().truncatedTo(ChronoUnit.MICROS);
        versions.flush();
        audit.record(
                actor,
                "training.dataset.retire",
                "dataset/" + version.id,
                Outcome.success,
                Map.of("name", version.name, "version", version.version, "sha256", version.sha256));
        return version;
    }

    /**
     * What a recipe means by {@code name}, its newest version, or {@code name@3}.
     *
     * @throws BadRecipeException if nothing may be trained on that, with what to do
     */
    @Transactional
    public Resolved resolve(UUID tenant, String reference) {
        Matcher parts = REFERENCE.matcher(reference);
        if (!parts.matches()) {
            throw new BadRecipeException(
                    reference.contains("/") || reference.contains("\\")
                            ? "'" + reference + "' is a path; use the name of a dataset here"
                            : "'" + reference
                                    + "' is no name of a dataset: a-z 0-9 . _ - are possible, then @ and a version");
        }
        String name = parts.group(1);
        List<DatasetVersion> all = versions.named(tenant, name);
        Optional<Found> found = files.find(tenant, name);
        if (all.isEmpty()) {
            throw new BadRecipeException(
                    found.isPresent()
                            ? "dataset '" + name
                                    + "' is in the folder but not registered; register it on the page Datasets,"
                                    + " with its licence and the basis on which it may be used"
                            : "there is no dataset '" + name + "'");
        }
        DatasetVersion version =
                parts.group(2) == null ? all.getFirst() : numbered(all, Integer.parseInt(parts.group(2)));
        if (version.objection() != null) {
            throw new BadRecipeException(version.objection());
        }
        Path kept = files.folder(tenant).resolve(version.kept);
        if (!Files.exists(kept) || !files.isUnchanged(kept, version)) {
            throw new BadRecipeException("the content of " + version.label()
                    + " is not what was registered any more: its file was written over in place; register it again");
        }
        if (parts.group(2) == null
                && found.isPresent()
                && !files.isUnchanged(found.get().path(), version)) {
            throw new BadRecipeException("the data of dataset '" + name
                    + "' in the folder is another than that of version " + version.version
                    + "; register it as a new version, or name " + name + "@" + version.version);
        }
        return new Resolved(
                version.id, name, version.version, version.sha256, new PinnedDataset(version.kept, version.sha256));
    }

    /** @throws BadRecipeException if the first records of a version are not of a format */
    public void check(UUID tenant, Resolved meant, Format format) {
        files.check(files.folder(tenant).resolve(meant.pin.file()), format);
    }

    private static DatasetVersion numbered(List<DatasetVersion> all, int number) {
        return all.stream()
                .filter(version -> version.version == number)
                .findFirst()
                .orElseThrow(() -> new BadRecipeException("dataset '" + all.getFirst().name + "' has no version "
                        + number + "; 1 to " + all.getFirst().version + " are there"));
    }

    /** The newest version that has a content, preferably under the name that a recipe used. */
    @Transactional
    public Optional<Described> described(UUID tenant, String reference, String sha256) {
        String name = reference.replaceFirst("@\\d+$", "");
        return versions.withContent(tenant, name, sha256)
                .map(v -> new Described(
                        v.id,
                        v.name,
                        v.version,
                        v.licence,
                        v.consentBasis.name(),
                        v.phiClass.name(),
                        v.deIdentified,
                        v.clinical));
    }

    /** Whether there was ever a version of this content under this name. */
    @Transactional
    boolean knows(UUID tenant, String name, String sha256) {
        return versions.withContent(tenant, name, sha256).isPresent();
    }

    /** Refuses what contradicts itself. */
    static void check(Facts facts) {
        if (facts.consentBasis == ConsentBasis.legal_basis_other && facts.consentNote.isBlank()) {
            throw ProblemException.badField("consentNote", "is empty; legal_basis_other needs the basis in words");
        }
        if (facts.phiClass != PhiClass.none && !facts.clinical) {
            throw ProblemException.badField(
                    "clinical", "is false; data with phiClass " + facts.phiClass + " is clinical");
        }
        if (facts.phiClass != PhiClass.none && facts.consentBasis == ConsentBasis.none_needed_synthetic) {
            throw ProblemException.badField(
                    "phiClass", "is " + facts.phiClass + "; synthetic data holds nothing of persons");
        }
        if (facts.phiClass == PhiClass.identifiable && facts.deIdentified) {
            throw ProblemException.badField("deIdentified", "is true; identifiable data is not de-identified");
        }
    }
}
