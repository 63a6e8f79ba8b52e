package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.medley.training.data.Format;

/**
 * A dataset of the mix.
 *
 * @param dataset its name, or the path of a file or a folder of files
 * @param format what its records hold
 * @param weight share of this data in the mix, relative to the others; default 1
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataSection(String dataset, Format format, Double weight) {
    DataSection completed(Checks checks, String at) {
        checks.given(at + ".dataset", dataset, "the name of a dataset or the path of one");
        checks.that(format != null, at + ".format", "is missing; text, chat, tokens, pairs and prompts are possible");
        return new DataSection(dataset, format, checks.range(at + ".weight", weight, 1, 1e-6, 1e6));
    }
}
