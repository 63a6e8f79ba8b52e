package org.medley.runtime.weights;

import java.nio.file.Path;

/**
 * One way to break a good model.
 *
 * @param base which good model to break
 * @param says what the refusal has to mention
 */
record Broken(String name, String base, String says, How how) {
    interface How {
        /** @param model the good folder, or GGUF file, to break */
        void apply(Path model) throws Exception;
    }

    @Override
    public String toString() {
        return name;
    }
}
