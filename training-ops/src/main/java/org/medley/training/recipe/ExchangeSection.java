package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.medley.training.parallel.Compression;

/**
 * How workers that train one model together exchange gradients.
 *
 * @param workers that each take a share of a step's passes; default 1. With device gpu each has a
 *     GPU of its own; on the processor they take turns
 * @param compression default none
 * @param bits of a compressed value; default 4
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ExchangeSection(Integer workers, Compression compression, Integer bits) {
    ExchangeSection completed(Checks checks) {
        int count = checks.range("exchange.workers", workers, 1, 1, 64);
        Compression used = compression == null ? Compression.none : compression;
        checks.that(
                used == Compression.none || count > 1,
                "exchange.compression",
                "is " + used + " with one worker, which exchanges nothing; remove it or set 'workers'");
        if (used == Compression.none) {
            checks.unused(bits, "exchange.bits", "without compression");
        }
        return new ExchangeSection(
                count, used, used == Compression.none ? null : (Integer) checks.range("exchange.bits", bits, 4, 2, 8));
    }
}
