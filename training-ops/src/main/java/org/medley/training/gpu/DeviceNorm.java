package org.medley.training.gpu;

import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;

/** What the Euclidean norm over gradients is the root of, summed in F64 in one order. */
record DeviceNorm(Launcher launcher, DeviceWorkspace workspace) {
    /** Elements of one partial sum, as on the processor. */
    private static final int TOGETHER = 65_536;

    private static final int THREADS = 256;

    /** So many F32 elements one after the other. */
    record Run(long address, long count) {}

    /** The sum of squares, runs in the order of their names. */
    double squares(Map<String, Run> gradients) {
        if (gradients.isEmpty()) {
            return 0;
        }
        Map<String, Run> ordered = new TreeMap<>(gradients);
        DeviceWorkspace.Mark mark = workspace.mark();
        long sums = workspace.allocate(8L * ordered.size());
        int place = 0;
        for (Run gradient : ordered.values()) {
            int parts = Math.toIntExact(Math.ceilDiv(gradient.count(), (long) TOGETHER));
            long partial = workspace.allocate(8L * parts);
            launcher.none()
                    .put(gradient.address())
                    .put(gradient.count())
                    .put(TOGETHER)
                    .put(partial);
            launcher.launch("optimizer", "sum_squares", Grid.of(parts, THREADS));
            launcher.none().put(partial).put(parts).put(sums + 8L * place++);
            launcher.launch("optimizer", "add_squares", Grid.of(1, THREADS));
        }
        double sum = 0;
        for (double one : new Uploads(launcher.gpu(), workspace).readDoubles(sums, ordered.size())) {
            sum += one;
        }
        workspace.release(mark);
        return sum;
    }
}
