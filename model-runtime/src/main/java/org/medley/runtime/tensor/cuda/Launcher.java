package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;

/** A device with the cells that the arguments of its launches are put in. */
public final class Launcher implements AutoCloseable {
    private final Gpu gpu;
    private final Arena arena = Arena.ofShared();
    private final Arguments arguments = new Arguments(arena);

    public Launcher(Gpu gpu) {
        this.gpu = gpu;
    }

    public Gpu gpu() {
        return gpu;
    }

    /** The cells, as the last launch left them. */
    public Arguments arguments() {
        return arguments;
    }

    /** The cells, empty. */
    public Arguments none() {
        return arguments.none();
    }

    public void launch(String file, String kernel, Grid grid) {
        gpu.launch(gpu.kernel(file, kernel), grid, arguments);
    }

    @Override
    public void close() {
        arena.close();
    }
}
