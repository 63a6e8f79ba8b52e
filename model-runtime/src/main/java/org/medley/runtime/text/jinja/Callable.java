package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Map;

/** A function, method or macro as a value. */
public interface Callable {
    Object call(List<Object> arguments, Map<String, Object> named);
}
