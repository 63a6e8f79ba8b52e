package org.medley.runtime.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToIntFunction;
import org.jboss.logging.Logger;
import org.medley.runtime.network.Network;
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
     * @param pages how many the cache shall have, by the network's shape
     * @throws IllegalStateException if a CUDA device is asked for and there is none that can be used
     */
    Runner load(ModelSource model, Engine.Options options, ToIntFunction<Network.Shape> pages) {
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
