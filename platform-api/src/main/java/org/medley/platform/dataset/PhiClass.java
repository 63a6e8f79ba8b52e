package org.medley.platform.dataset;

/** What the data holds of persons' health. */
enum PhiClass {
    none,
    /** Without names and addresses, with dates or places. */
    limited,
    identifiable
}
