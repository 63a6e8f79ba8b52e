package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Whether a CUDA device can be used here. Asks the driver itself, before any of the bindings is loaded: these say of a
 * machine without a driver only that a library of theirs is not there.
 */
public final class CudaPresence {
    /** Ampere: the first that multiplies BF16 matrices. */
    static final int OLDEST = 80;

    private static final String DRIVER = "libcuda.so.1";
    private static final int MAJOR = 75;
    private static final int MINOR = 76;

    private CudaPresence() {}

    /** Why the first device cannot be used, in one plain line; empty if it can, as far as the driver says. */
    public static Optional<String> absence() {
        return absence(0);
    }

    /** The same of one of several. */
    public static Optional<String> absence(int device) {
        return absence(DRIVER, device);
    }

    static Optional<String> absence(String library, int device) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver = SymbolLookup.libraryLookup(library, arena);
            return Optional.ofNullable(new Driver(driver, arena, device).complaint());
        } catch (IllegalArgumentException e) {
            return Optional.of("no NVIDIA driver: " + library + " cannot be loaded");
        }
    }

    /** What is asked of the driver; each function returns 0 if it did as it was asked. */
    private record Driver(SymbolLookup library, Arena arena, int device) {
        /** Null for none. */
        String complaint() {
            int rc = call("cuInit", 0);
            if (rc != 0) {
                return rc == 100 ? "the NVIDIA driver sees no device" : "the NVIDIA driver does not start: error " + rc;
            }
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            rc = call("cuDeviceGetCount", out);
            int count = out.get(ValueLayout.JAVA_INT, 0);
            if (rc != 0 || count < 1) {
                return "the NVIDIA driver sees no device";
            }
            if (device >= count) {
                return "there is no CUDA device " + device + ", the driver sees " + count + ", from 0 on";
            }
            int capability = 10 * attribute(out, MAJOR) + attribute(out, MINOR);
            return capability < OLDEST
                    ? "the device has compute capability " + capability / 10 + "." + capability % 10
                            + "; 8.0 is the least that is supported"
                    : null;
        }

        private int attribute(MemorySegment out, int which) {
            MethodHandle function = function(
                    "cuDeviceGetAttribute",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            try {
                int rc = (int) function.invokeExact(out, which, device);
                return rc == 0 ? out.get(ValueLayout.JAVA_INT, 0) : 0;
            } catch (Throwable e) {
                throw new IllegalStateException("cuDeviceGetAttribute", e);
            }
        }

        private int call(String name, int argument) {
            try {
                return (int) function(name, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
                        .invokeExact(argument);
            } catch (Throwable e) {
                throw new IllegalStateException(name, e);
            }
        }

        private int call(String name, MemorySegment out) {
            try {
                return (int) function(name, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS))
                        .invokeExact(out);
            } catch (Throwable e) {
                throw new IllegalStateException(name, e);
            }
        }

        private MethodHandle function(String name, FunctionDescriptor type) {
            MemorySegment address = library.find(name)
                    .orElseThrow(() -> new IllegalArgumentException("the NVIDIA driver has no " + name));
            return Linker.nativeLinker().downcallHandle(address, type);
        }
    }
}
