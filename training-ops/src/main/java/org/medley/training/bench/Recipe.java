package org.medley.training.bench;

import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Settings;

/** How every contestant trains. */
public final class Recipe {
    /** AdamW; matrices decay, norms do not. */
    public static final Settings SETTINGS = Settings.of(Method.adamw);

    public static final float RATE = 1e-3f;
    /** The largest norm of all gradients together. */
    public static final double CLIP = 1;

    private Recipe() {}
}
