package org.medley.runtime.tensor.cuda.driver;

import java.util.List;
import org.medley.runtime.tensor.cuda.Collectives;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Gpus;

/** The CUDA devices of this machine, and NCCL among them. */
public final class CudaGpus implements Gpus {
    @Override
    public Gpu open(int number) {
        return CudaGpu.open(number);
    }

    @Override
    public Collectives among(List<Gpu> gpus) {
        try {
            return new NcclCollectives(gpus.stream().map(CudaGpu.class::cast).toList());
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "NCCL cannot be loaded, by which GPUs exchange what they computed (libnccl.so.2 of CUDA 13 is"
                            + " needed; org.bytedeco.javacpp.platform.linkpath says where else to look): "
                            + e.getMessage(),
                    e);
        }
    }
}
