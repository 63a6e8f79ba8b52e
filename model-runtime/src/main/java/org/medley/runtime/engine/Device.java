package org.medley.runtime.engine;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.driver.CudaGpu;
import org.medley.runtime.weights.ModelSource;

/**
 * What a model runs on.
 *
 * @param number which of the machine's CUDA devices, from 0
 */
public record Device(Kind kind, int number) {
    /** Whether a device is asked for, or taken where there is one. */
    public enum Kind {
        AUTO,
        CPU,
        CUDA
    }

    /** A CUDA device where there is one, the processor elsewhere. */
    public static final Device AUTO = new Device(Kind.AUTO, 0);

    public static final Device CPU = new Device(Kind.CPU, 0);
    public static final Device CUDA = new Device(Kind.CUDA, 0);

    private static final Pattern NAME = Pattern.compile("auto|cpu|cuda(:(\\d{1,3}))?");
    private static final Logger LOG = Logger.getLogger(Device.class);
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    /** @param name auto, cpu, cuda or cuda:n, whose n says which of several; in any case */
    public static Device of(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        Matcher parts = NAME.matcher(lower);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "device is '" + name + "'; auto, cpu, cuda and cuda:n, the nth from 0, are possible");
        }
        return switch (lower) {
            case "auto" -> AUTO;
            case "cpu" -> CPU;
            default -> new Device(Kind.CUDA, parts.group(2) == null ? 0 : Integer.parseInt(parts.group(2)));
        };
    }

    /**
     * The CUDA device, closed by whoever asks; empty if models run on the processor.
     *
     * @throws IllegalStateException if a CUDA device is asked for and there is none that can be used
     */
    public Optional<Gpu> open() {
        if (kind == Kind.CPU) {
            return Optional.empty();
        }
        try {
            return Optional.of(CudaGpu.open(number));
        } catch (IllegalStateException absent) {
            if (kind == Kind.CUDA) {
                throw absent;
            }
            if (TOLD.compareAndSet(false, true)) {
                LOG.infof("Models run on the processor: %s", absent.getMessage());
            }
            return Optional.empty();
        }
    }

    /** @throws IllegalStateException if a CUDA device is asked for and there is none that can be used */
    Runner load(ModelSource model, EngineOptions options, Runner.PageCount pages) {
        return open().<Runner>map(gpu -> CudaRunner.load(gpu, model, options, pages))
                .orElseGet(() -> CpuRunner.load(model, options, pages));
    }
}
