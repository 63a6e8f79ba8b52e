package org.medley.runtime.quantize;

import java.util.Locale;
import org.medley.runtime.tensor.DType;

/** What matrices become. Those that a scheme cannot hold, or that it would hurt most, stay as they are. */
public enum Scheme {
    Q8(DType.Q8, "q8_0"),
    Q4(DType.Q4_0, "q4_0"),
    FP8(DType.F8_E4M3, "fp8_block");

    private final DType dtype;
    private final String label;

    Scheme(DType dtype, String label) {
        this.dtype = dtype;
        this.label = label;
    }

    static Scheme of(String name) {
        for (Scheme scheme : values()) {
            if (scheme.name().toLowerCase(Locale.ROOT).equals(name)) {
                return scheme;
            }
        }
        throw new IllegalArgumentException("--to is '" + name + "'; q8, q4 and fp8 are possible");
    }

    DType dtype() {
        return dtype;
    }

    /** As {@code quantization_config} in {@code config.json} has it. */
    String label() {
        return label;
    }

    /**
     * The format of a matrix: embeddings and the head, which every token passes and which answer for most of what four
     * bits cost, keep eight; rows that do not fill blocks stay as they are.
     */
    DType format(String name, DType stored, int cols) {
        boolean ends = name.endsWith("embed_tokens.weight") || name.endsWith("lm_head.weight");
        DType wanted = ends && this != Q8 ? DType.Q8 : dtype;
        return cols % wanted.blockElements() == 0 ? wanted : stored;
    }
}
