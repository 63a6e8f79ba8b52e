package org.medley.platform.dataset;

/** Why the data may be used for training. */
enum ConsentBasis {
    /** Nobody's data: it was made up. */
    none_needed_synthetic,
    /** Published for everybody's use. */
    none_needed_public,
    /** Consent to research as such. */
    broad_consent,
    /** Consent to this purpose. */
    specific_consent,
    /** An ethics committee waived consent. */
    waiver,
    /** Another one, which a note names. */
    legal_basis_other
}
