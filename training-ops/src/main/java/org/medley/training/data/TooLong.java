package org.medley.training.data;

/** What is done with examples that are longer than a sequence may be. */
public enum TooLong {
    /** The dataset is refused. */
    refuse,
    /** They are passed over. */
    drop,
    /** Their end is left out. */
    cut
}
