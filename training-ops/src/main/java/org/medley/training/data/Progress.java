package org.medley.training.data;

/** Who is told how far the reading of a dataset is. What it throws stops the reading, and nothing of it stays. */
@FunctionalInterface
public interface Progress {
    Progress NONE = (done, total) -> {};

    /** Told often, on the thread that reads. Both in bytes of the dataset's files. */
    void read(long done, long total);
}
