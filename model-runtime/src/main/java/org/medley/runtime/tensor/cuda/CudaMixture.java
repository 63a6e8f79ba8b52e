package org.medley.runtime.tensor.cuda;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** Mixtures of experts: a kernel routes, then the choices are products by themselves or go together by expert. */
final class CudaMixture {
    private final Launcher launcher;
    private final Gpu gpu;
    private final CudaOps ops;
    private final CudaWeights weights;
    private final DeviceWorkspace workspace;

    CudaMixture(Launcher launcher, CudaOps ops, CudaWeights weights, DeviceWorkspace workspace) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.ops = ops;
        this.weights = weights;
        this.workspace = workspace;
    }

    Tensor mixture(Tensor x, Tensor router, List<Ops.Expert> experts, int top, boolean normalized) {
        Tensor scores = ops.linear(x, router, null);
        int choices = x.rows() * top;
        long chosen = workspace.allocate(4L * choices);
        long shares = workspace.allocate(4L * choices);
        launcher.none().put(scores.address()).put(experts.size()).put(top).put(normalized ? 1 : 0);
        launcher.arguments().put(chosen).put(shares);
        launcher.launch("mixture", "route", new Grid(x.rows(), 1, 1, 32, 4 * experts.size()));
        return x.rows() <= CudaOps.FEW_ROWS
                ? each(x, experts, top, chosen, shares)
                : together(x, experts, top, chosen, shares);
    }

    /** Every choice is a product by itself, without the host knowing what was chosen. */
    private Tensor each(Tensor x, List<Ops.Expert> experts, int top, long chosen, long shares) {
        CudaWeights.Mixture mixture = weights.of(experts);
        int choices = x.rows() * top;
        Tensor gate = chosen(mixture, 0, mixture.gate(), choices, chosen, x, top);
        Tensor up = chosen(mixture, 1, mixture.up(), choices, chosen, x, top);
        Tensor down = chosen(mixture, 2, mixture.down(), choices, chosen, ops.swiglu(gate, up), 1);
        Tensor out = workspace.tensor(x.rows(), down.cols());
        launcher.none()
                .put(down.address())
                .put(shares)
                .put(top)
                .put(down.cols())
                .put(out.address());
        launcher.launch("mixture", "weighted_sum", Grid.rows(x.rows(), down.cols()));
        return out;
    }

    private Tensor chosen(
            CudaWeights.Mixture mixture, int part, StoredWeight weight, int choices, long chosen, Tensor x, int share) {
        Tensor out = workspace.tensor(choices, weight.rows());
        weight.first(launcher.arguments(), mixture.addresses(part), mixture.factors(part, weight));
        launcher.arguments()
                .put(chosen)
                .put(x.address())
                .put(share)
                .put(weight.rows())
                .put(weight.cols())
                .put(out.address());
        Grid grid = new Grid(Math.ceilDiv(weight.rows(), LinearPlan.WARPS), choices, 1, 32 * LinearPlan.WARPS, 0);
        launcher.launch("gemv", "chosen_gemv_" + weight.format(), grid);
        return out;
    }

    /** Expert after expert over the rows that chose it, which the host sorts out. */
    private Tensor together(Tensor x, List<Ops.Expert> experts, int top, long chosen, long shares) {
        int choices = x.rows() * top;
        Tensor out = workspace.tensor(x.rows(), x.cols());
        gpu.zero(out.address(), 4 * out.size());
        int[] expert = new int[choices];
        int[] share = new int[choices];
        try (Arena host = Arena.ofConfined()) {
            long at = host.allocate(8L * choices, 8).address();
            gpu.download(chosen, at, 4L * choices);
            gpu.download(shares, at + 4L * choices, 4L * choices);
            for (int i = 0; i < choices; i++) {
                expert[i] = Memory.i32(at + 4L * i);
                share[i] = Memory.i32(at + 4L * (choices + i));
            }
        }
        for (int e = 0; e < experts.size(); e++) {
            List<Integer> mine = new ArrayList<>();
            for (int i = 0; i < choices; i++) {
                if (expert[i] == e) {
                    mine.add(i);
                }
            }
            if (mine.isEmpty()) {
                continue;
            }
            int[] rows = mine.stream().mapToInt(i -> i / top).toArray();
            Ops.Expert w = experts.get(e);
            Tensor in = ops.rows(x, rows);
            Tensor y = ops.linear(
                    ops.swiglu(ops.linear(in, w.gate(), null), ops.linear(in, w.up(), null)), w.down(), null);
            long to = ops.ints(rows);
            long by = ops.ints(mine.stream().mapToInt(i -> share[i]).toArray());
            launcher.none().put(y.address()).put(to).put(by).put(y.cols()).put(out.address());
            launcher.launch("mixture", "scatter_add", Grid.rows(rows.length, y.cols()));
        }
        return out;
    }
}
