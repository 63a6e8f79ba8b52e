package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Product.Operand;

/** Linear layers, by the plan that fits the weights, the rows and the device. */
final class CudaLinear {
    /** Blocks that look for the largest element; one block then looks at what they found. */
    private static final int LARGEST_PARTS = 256;

    private final Launcher launcher;
    private final Gpu gpu;
    private final CudaWeights weights;
    private final DeviceWorkspace workspace;
    /** The input that was last made ready, and how: layers beside each other share it. */
    private Tensor lastInput;

    private Product.Element lastElement;
    private Operand lastOperand;

    CudaLinear(Launcher launcher, CudaWeights weights, DeviceWorkspace workspace) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.weights = weights;
        this.workspace = workspace;
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
            gpu.multiply(product(plan, stored), in, new Operand(stored.address(), stored.factors()), out.address());
        }
        Tensor wanted = out.slice(0, m);
        if (bias != null) {
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
            case E4M3_TENSOR -> quantized(x, plan.rows());
            case E4M3_ROW -> quantized(x, plan.rows(), x.cols());
            case E4M3_BLOCK -> quantized(x, plan.rows(), Product.BLOCK);
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

    /** One scale for all: a first launch finds the largest elements, a second takes the largest of those. */
    private Operand quantized(Tensor x, int rows) {
        int parts = (int) Math.min(LARGEST_PARTS, Math.ceilDiv(x.size(), 1024L));
        long largest = workspace.allocate(4L * parts);
        launcher.none().put(x.address()).put(x.size()).put(largest);
        launcher.launch("quantize", "largest", Grid.of(parts, 256));
        long to = workspace.allocate((long) rows * x.cols());
        long scale = workspace.allocate(4);
        launcher.none().put(x.address()).put(x.size()).put(largest).put(parts);
        launcher.arguments().put(to).put(scale);
        launcher.launch("quantize", "quantize_tensor", Grid.elements(x.size() / 4));
        return new Operand(to, scale);
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
        long piece = workspace.allocate(2L * plan.pieceRows() * k);
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
}
