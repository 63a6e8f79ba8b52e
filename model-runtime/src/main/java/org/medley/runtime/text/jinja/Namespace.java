package org.medley.runtime.text.jinja;

import java.util.Map;

/** An object whose attributes a template may set, from inside loops too. */
record Namespace(Map<String, Object> attributes) {}
