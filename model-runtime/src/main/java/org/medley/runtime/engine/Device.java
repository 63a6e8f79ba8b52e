package org.medley.runtime.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;
import org.medley.runtime.weights.ModelSource;

/** What a model runs on. */
public enum Device {
    /** A CUDA device where there is one, the processor elsewhere. */
    AUTO,
    CPU,
    CUDA;

    private static final Logger LOG = Logger.getLogger(Device.class);
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    /**
     * @throws IllegalStateException if a CUDA device is asked for and there is none that can be used
     */
    Runner load(ModelSource model, Engine.Options options, Runner.PageCount pages) {
        if (this == CPU) {
            return CpuRunner.load(model, options, pages);
        }
        Gpu gpu;
        try {
            gpu = CudaGpu.open();
        } catch (IllegalStateException absent) {
            if (this == CUDA) {
                throw absent;
            }
            if (TOLD.compareAndSet(false, true)) {
                LOG.infof("Models run on the processor: %s", absent.getMessage());
            }
            return CpuRunner.load(model, options, pages);
        }
        return CudaRunner.load(gpu, model, options, pages);
    }
}
