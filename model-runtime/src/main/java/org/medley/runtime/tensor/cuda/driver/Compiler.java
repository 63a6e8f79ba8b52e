package org.medley.runtime.tensor.cuda.driver;

import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.medley.runtime.tensor.cuda.KernelSource;

/** NVRTC: kernel sources to machine code of one kind of device. */
final class Compiler {
    private final String target;
    private final String version;

    /** @param capability compute capability times ten */
    Compiler(int capability) {
        // The instructions that only Hopper has go by a name of their own.
        this.target = "sm_" + capability + (capability == 90 ? "a" : "");
        int[] major = new int[1];
        int[] minor = new int[1];
        Calls.compiler(nvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
        this.version = "nvrtc-" + major[0] + "." + minor[0];
    }

    String target() {
        return target;
    }

    String version() {
        return version;
    }

    /** A cubin: unlike PTX it does not depend on how new the driver is. */
    byte[] compile(KernelSource source) {
        _nvrtcProgram program = new _nvrtcProgram();
        try (BytePointer text = new BytePointer(source.text());
                BytePointer name = new BytePointer(source.name() + ".cu");
                PointerPointer<BytePointer> options =
                        new PointerPointer<>("--gpu-architecture=" + target, "--std=c++17");
                SizeTPointer size = new SizeTPointer(1)) {
            Calls.compiler(
                    nvrtc.nvrtcCreateProgram(
                            program, text, name, 0, (PointerPointer<?>) null, (PointerPointer<?>) null),
                    "nvrtcCreateProgram");
            try {
                int rc = nvrtc.nvrtcCompileProgram(program, 2, options);
                if (rc != nvrtc.NVRTC_SUCCESS) {
                    throw new IllegalStateException(
                            "kernels " + source.name() + " do not compile for " + target + ": " + log(program, size));
                }
                Calls.compiler(nvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
                byte[] cubin = new byte[Math.toIntExact(size.get())];
                Calls.compiler(nvrtc.nvrtcGetCUBIN(program, cubin), "nvrtcGetCUBIN");
                return cubin;
            } finally {
                nvrtc.nvrtcDestroyProgram(program);
            }
        }
    }

    private static String log(_nvrtcProgram program, SizeTPointer size) {
        Calls.compiler(nvrtc.nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
        byte[] log = new byte[Math.toIntExact(size.get())];
        Calls.compiler(nvrtc.nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog");
        return new String(log, 0, Math.max(0, log.length - 1), java.nio.charset.StandardCharsets.UTF_8);
    }
}
