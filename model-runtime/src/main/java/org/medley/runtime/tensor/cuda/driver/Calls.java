package org.medley.runtime.tensor.cuda.driver;

import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.BytePointer;

/** What a refused call is told as. */
final class Calls {
    private Calls() {}

    /** Of the runtime and of the driver, whose numbers are the same. */
    static void cuda(int rc, String what) {
        if (rc != cudart.cudaSuccess) {
            throw refused(what, cudart.cudaGetErrorName(rc), rc);
        }
    }

    static void blas(int rc, String what) {
        if (rc != cublas.CUBLAS_STATUS_SUCCESS) {
            throw refused(what, cublas.cublasLtGetStatusName(rc), rc);
        }
    }

    static void compiler(int rc, String what) {
        if (rc != nvrtc.NVRTC_SUCCESS) {
            throw refused(what, nvrtc.nvrtcGetErrorString(rc), rc);
        }
    }

    static void nccl(int rc, String what) {
        if (rc != nccl.ncclSuccess) {
            throw refused(what, nccl.ncclGetErrorString(rc), rc);
        }
    }

    private static IllegalStateException refused(String what, BytePointer name, int rc) {
        String reason = name == null || name.isNull() ? "error" : name.getString();
        return new IllegalStateException("CUDA: " + what + " failed with " + reason + " (" + rc + ")");
    }
}
