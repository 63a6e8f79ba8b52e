package org.medley.runtime.api;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Which models can be asked for by name, and where they lie. */
public interface ModelDirectory {
    /** @param name what requests put under {@code model} */
    record Entry(String name, Path folder, Instant created) {}

    List<Entry> list();

    /** The model of that name, or of an alias. */
    Optional<Entry> find(String name);

    /** The model whose answer shows that this process can answer; asked outside of any request. */
    Optional<Entry> selfTest();

    /** Whose share of an engine the present request takes. */
    String tenant();
}
