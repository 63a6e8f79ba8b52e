package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.medley.training.precision.Precision;

/**
 * The numbers that training computes with.
 *
 * @param format default fp32
 * @param scales of the FP8 formats; default power_of_two
 * @param outliers for experiments: how many times as large as it is one channel of every 256 is taken to be when inputs
 *     are rounded
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PrecisionSection(Precision.Kind format, Precision.Scales scales, Double outliers) {
    PrecisionSection completed(Checks checks) {
        Precision.Kind kind = format == null ? Precision.Kind.fp32 : format;
        boolean scaled = kind.name().startsWith("fp8");
        checks.range("precision.outliers", outliers, 1, 1, 1e9);
        if (!scaled) {
            checks.unused(outliers, "precision.outliers", "by format " + kind);
            checks.unused(scales, "precision.scales", "by format " + kind);
        }
        return new PrecisionSection(kind, scaled && scales == null ? Precision.Scales.power_of_two : scales, outliers);
    }

    public Precision precision() {
        return new Precision(
                format, scales == null ? Precision.Scales.power_of_two : scales, outliers == null ? 1 : outliers);
    }
}
