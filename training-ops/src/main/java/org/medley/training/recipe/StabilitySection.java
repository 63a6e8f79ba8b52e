package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * What happens when training goes wrong.
 *
 * @param spike a step whose loss or gradient is more than so many deviations above those of the last steps is not taken,
 *     and its data is skipped; 0 takes every step; default 0
 * @param window last steps that a spike is told by; default 64
 * @param skips steps in a row that may be skipped before the run goes back to its last checkpoint, past the data that
 *     came since; default 3
 * @param rewinds times that a run may go back before it fails; default 2
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StabilitySection(Double spike, Integer window, Integer skips, Integer rewinds) {
    static final StabilitySection EMPTY = new StabilitySection(null, null, null, null);

    StabilitySection completed(Checks checks) {
        double used = checks.range("stability.spike", spike, 0, 0, 1e6);
        if (used == 0) {
            checks.unused(window, "stability.window", "without 'spike'");
            checks.unused(skips, "stability.skips", "without 'spike'");
            checks.unused(rewinds, "stability.rewinds", "without 'spike'");
            return new StabilitySection(0.0, null, null, null);
        }
        return new StabilitySection(
                used,
                checks.range("stability.window", window, 64, 8, 10_000),
                checks.range("stability.skips", skips, 3, 1, 1_000),
                checks.range("stability.rewinds", rewinds, 2, 0, 1_000));
    }
}
