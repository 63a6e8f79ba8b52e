package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Product.Operand;

/** Linear layers, by the plan that fits the weights, the rows and the device. */
final class CudaLinear {
    private final Launcher launcher;
    private final Gpu gpu;
    private final CudaWeights weights;
    private final DeviceWorkspace workspace;
    private final DeviceMemory memory;
    /**
     * What weights are decoded to, of every layer one after the other: the device works in order, so that one piece is
     * multiplied before the next is put there. Held from the first time on: a recorded pass finds it again.
     */
    private long piece;

    private long pieceBytes;
    /** The input that was last made ready, and how: layers beside each other share it. */
    private Tensor lastInput;

    private Product.Element lastElement;
    private Operand lastOperand;

    CudaLinear(Launcher launcher, CudaWeights weights, DeviceWorkspace workspace, DeviceMemory memory) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.weights = weights;
        this.workspace = workspace;
        this.memory = memory;
    }

    Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        int n = weight.rows();
        int k = weight.cols();
        int m = x.rows();
        StoredWeight stored = weights.of(weight);
        long added = bias == null ? 0 : weights.of(bias).address();
        LinearPlan plan = plan(stored, m);
        Tensor out = workspace.tensor(plan.rows(), n);
        if (plan.kernelRows() > 0) {
            stored.first(launcher.arguments())
                    .put(x.address())
                    .put(added)
                    .put(m)
                    .put(n)
                    .put(k)
                    .put(out.address());
            launcher.launch("gemv", "gemv_" + stored.format() + "_" + plan.kernelRows(), plan.kernelGrid(n));
            return out;
        }
        Operand in = input(x, plan);
        if (plan.decoded()) {
            pieces(plan, stored, in, out);
        } else {
            Operand multiplied = scaledAfterwards(plan) ? new Operand(in.address(), 0) : in;
            Operand by = new Operand(stored.address(), stored.factors());
            gpu.multiply(product(plan, stored), multiplied, by, out.address());
        }
        Tensor wanted = out.slice(0, m);
        if (scaledAfterwards(plan)) {
            launcher.none().put(in.scales()).put(added).put(n).put(wanted.size());
            launcher.arguments().put(out.address());
            launcher.launch("elementwise", "scale_rows", Grid.elements(wanted.size()));
        } else if (bias != null) {
            launcher.none().put(added).put(n).put(wanted.size()).put(out.address());
            launcher.launch("elementwise", "add_bias", Grid.elements(wanted.size()));
        }
        return wanted;
    }

    private LinearPlan plan(StoredWeight weight, int m) {
        int n = weight.rows();
        int k = weight.cols();
        LinearPlan plan = LinearPlan.of(gpu.properties().capability(), weight.element(), m, n, k);
        boolean eightBits = plan.element() != null && plan.element().eightBits();
        return eightBits && !gpu.multiplies(product(plan, weight)) ? LinearPlan.decoded(m, n, k) : plan;
    }

    /** The library takes one scale for all rows of x; with one for each, no row depends on those beside it. */
    private static boolean scaledAfterwards(LinearPlan plan) {
        return plan.element() == Product.Element.E4M3_TENSOR;
    }

    private static Product product(LinearPlan plan, StoredWeight weight) {
        return new Product(plan.rows(), weight.rows(), weight.cols(), plan.element(), weight.rows());
    }

    private Operand input(Tensor x, LinearPlan plan) {
        if (x != lastInput || plan.element() != lastElement) {
            lastOperand = operand(x, plan);
            lastInput = x;
            lastElement = plan.element();
        }
        return lastOperand;
    }

    /** The input as it is multiplied. Rows that fill up are whatever lies there: none of them reaches another. */
    private Operand operand(Tensor x, LinearPlan plan) {
        return switch (plan.element()) {
            case F32 -> whole(x, plan.rows());
            case BF16 -> {
                long to = workspace.allocate(2L * plan.rows() * x.cols());
                launcher.none().put(x.address()).put(x.size()).put(to);
                launcher.launch("elementwise", "to_bf16_elements", Grid.elements(x.size()));
                yield new Operand(to, 0);
            }
            case E4M3_TENSOR, E4M3_ROW -> quantized(x, plan.rows(), x.cols());
            case E4M3_BLOCK, E4M3_STRIP -> quantized(x, plan.rows(), Product.BLOCK);
        };
    }

    private Operand whole(Tensor x, int rows) {
        if (rows == x.rows()) {
            return new Operand(x.address(), 0);
        }
        Tensor copy = workspace.tensor(rows, x.cols());
        gpu.copy(x.address(), copy.address(), 4 * x.size());
        return new Operand(copy.address(), 0);
    }

    /** A scale for every {@code width} elements of a row. */
    private Operand quantized(Tensor x, int rows, int width) {
        int pieces = Math.ceilDiv(x.cols(), width);
        long to = workspace.allocate((long) rows * x.cols());
        long scales = workspace.allocate(4L * rows * pieces);
        launcher.none().put(x.address()).put(x.rows()).put(rows).put(x.cols()).put(width);
        launcher.arguments().put(to).put(scales);
        int warps = Math.min(4, pieces);
        Grid grid = new Grid(rows, Math.ceilDiv(pieces, warps), 1, 32 * warps, 0);
        launcher.launch("quantize", "quantize_rows", grid);
        return new Operand(to, scales);
    }

    private void pieces(LinearPlan plan, StoredWeight weight, Operand x, Tensor out) {
        int n = weight.rows();
        int k = weight.cols();
        makeRoom(2L * plan.pieceRows() * k);
        for (int from = 0; from < n; from += plan.pieceRows()) {
            int count = Math.min(plan.pieceRows(), n - from);
            // The grid's second side is short; a thread decodes eight elements.
            for (int done = 0; done < count; done += 32_768) {
                int rows = Math.min(32_768, count - done);
                weight.first(launcher.arguments()).put(from + done).put(k).put(piece + 2L * done * k);
                Grid grid = new Grid(Math.ceilDiv(k, 1024), rows, 1, 128, 0);
                launcher.launch("dequantize", "dequantize_" + weight.format(), grid);
            }
            Product product = new Product(plan.rows(), count, k, Product.Element.BF16, n);
            gpu.multiply(product, x, new Operand(piece, 0), out.address() + 4L * from);
        }
    }

    /** What became too small stays for the passes that were recorded with it. */
    private void makeRoom(long bytes) {
        if (bytes > pieceBytes) {
            long size = Math.max(bytes, LinearPlan.PIECE_BYTES);
            piece = memory.allocate(size);
            pieceBytes = size;
        }
    }
}
