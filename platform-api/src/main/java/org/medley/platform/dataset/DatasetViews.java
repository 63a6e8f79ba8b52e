package org.medley.platform.dataset;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.medley.platform.dataset.DatasetUses.JobUse;
import org.medley.training.data.Format;

/** What callers see of datasets. */
final class DatasetViews {
    private DatasetViews() {}

    /** How the folder and the register agree. */
    enum Place {
        /** The file is what was registered last. */
        registered,
        /** It is in the folder, and was never registered. */
        unregistered,
        /** The file is another than what was registered last. */
        changed,
        /** There is no file of this name in the folder; registered versions are kept all the same. */
        absent
    }

    /**
     * A dataset by its name: what its newest version says, or what the folder tells if it has none.
     *
     * @param records null if they were not counted or cannot be
     * @param objection why nothing may be trained on it, and what to do; null if something may
     * @param versions the newest first
     */
    record DatasetView(
            String name,
            Place place,
            Integer version,
            String sha256,
            Long records,
            long bytes,
            int files,
            Format format,
            String description,
            String objection,
            List<VersionView> versions) {}

    record VersionView(
            UUID id,
            String name,
            int version,
            String sha256,
            long bytes,
            int files,
            Long records,
            Format format,
            String licence,
            ConsentBasis consentBasis,
            String consentNote,
            PhiClass phiClass,
            boolean deIdentified,
            boolean clinical,
            String description,
            String objection,
            String createdBy,
            Instant createdAt,
            String retiredBy,
            Instant retiredAt) {
        static VersionView of(DatasetVersion v) {
            return new VersionView(
                    v.id,
                    v.name,
                    v.version,
                    v.sha256,
                    v.bytes,
                    v.files,
                    v.records,
                    v.format,
                    v.licence,
                    v.consentBasis,
                    v.consentNote,
                    v.phiClass,
                    v.deIdentified,
                    v.clinical,
                    v.description,
                    v.objection(),
                    v.createdBy,
                    v.createdAt,
                    v.retiredBy,
                    v.retiredAt);
        }
    }

    record DatasetDetail(VersionView version, List<JobUse> jobs) {}
}
