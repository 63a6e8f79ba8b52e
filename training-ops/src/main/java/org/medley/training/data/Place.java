package org.medley.training.data;

import java.nio.file.Path;
import org.medley.training.recipe.BadRecipeException;

/**
 * Where in a dataset something stands, as refusals name it.
 *
 * @param number of the line, or of the row of a Parquet file, from 1
 */
record Place(Path file, long number, boolean row) {
    BadRecipeException refuse(String problem) {
        return new BadRecipeException(this + ": " + problem);
    }

    BadRecipeException refuse(String problem, Exception cause) {
        return new BadRecipeException(this + ": " + problem, cause);
    }

    @Override
    public String toString() {
        return file + (row ? ": row " : ":") + number;
    }
}
