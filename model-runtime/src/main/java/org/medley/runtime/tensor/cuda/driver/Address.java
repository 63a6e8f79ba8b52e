package org.medley.runtime.tensor.cuda.driver;

import org.bytedeco.javacpp.Pointer;

/** An address as the bindings take it; set anew for each call, so that calls allocate nothing. */
final class Address extends Pointer {
    Address at(long value) {
        address = value;
        return this;
    }
}
