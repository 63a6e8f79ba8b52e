package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.medley.training.precision.Precision;

/**
 * The numbers that training computes with.
 *
 * @param format default fp32
 * @param scales of the FP8 formats; default power_of_two
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PrecisionSection(Precision.Kind format, Precision.Scales scales) {
    PrecisionSection completed(Checks checks) {
        Precision.Kind kind = format == null ? Precision.Kind.fp32 : format;
        boolean scaled = kind.name().startsWith("fp8");
        if (!scaled) {
            checks.unused(scales, "precision.scales", "by format " + kind);
        }
        return new PrecisionSection(kind, scaled && scales == null ? Precision.Scales.power_of_two : scales);
    }

    public Precision precision() {
        return new Precision(format, scales == null ? Precision.Scales.power_of_two : scales);
    }
}
