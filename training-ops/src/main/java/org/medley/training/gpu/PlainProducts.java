package org.medley.training.gpu;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.CudaWeights;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.cuda.Product;

/** Products over F32, or over BF16 to which inputs and gradients are rounded; sums are F32. */
final class PlainProducts implements Products {
    private final Launcher launcher;
    private final Gpu gpu;
    private final CudaWeights weights;
    private final DeviceWorkspace results;
    /** Rounded operands, of a product or two at a time. */
    private final DeviceWorkspace operands;
    /** The last input that was rounded, and to where: query, key and value share one, gate and up too. */
    private Tensor rounded;

    private long at;

    PlainProducts(Launcher launcher, CudaWeights weights, DeviceWorkspace results, DeviceWorkspace operands) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.weights = weights;
        this.results = results;
        this.operands = operands;
    }

    @Override
    public Tensor forward(Tensor x, Tensor weight) {
        boolean bf16 = weights.format(weight) == DType.BF16;
        if (bf16 && x != rounded) {
            operands.reset();
            at = bf16(x);
            rounded = x;
        }
        int m = x.rows();
        int n = weight.rows();
        Tensor out = results.tensor(m, n);
        Product.Form form = new Product.Form(false, false, false, true);
        multiply(m, n, x.cols(), bf16, form, bf16 ? at : x.address(), weights.address(weight), out);
        return out;
    }

    @Override
    public void begin() {
        operands.reset();
        rounded = null;
    }

    /** An operand on the way back; what was rounded last is found again. */
    private long operand(Tensor x, boolean bf16) {
        if (!bf16) {
            return x.address();
        }
        if (x != rounded) {
            at = bf16(x);
            rounded = x;
        }
        return at;
    }

    private long bf16(Tensor x) {
        long to = operands.allocate(2 * x.size());
        launcher.none().put(x.address()).put(x.size()).put(to);
        launcher.launch("elementwise", "to_bf16_elements", Grid.elements(x.size()));
        return to;
    }

    @Override
    public void toInput(Tensor dy, Tensor weight, Tensor dx) {
        boolean bf16 = weights.format(weight) == DType.BF16;
        Product.Form form = new Product.Form(false, true, true, true);
        multiply(dy.rows(), dx.cols(), dy.cols(), bf16, form, operand(dy, bf16), weights.address(weight), dx);
    }

    @Override
    public void toWeight(Tensor x, Tensor weight, Tensor dy, Tensor dWeight) {
        boolean bf16 = weights.format(weight) == DType.BF16;
        long left = operand(dy, bf16);
        Product.Form form = new Product.Form(true, true, true, true);
        multiply(dy.cols(), x.cols(), x.rows(), bf16, form, left, bf16 ? bf16(x) : x.address(), dWeight);
    }

    private void multiply(int m, int n, int k, boolean bf16, Product.Form form, long x, long weight, Tensor out) {
        Product.Element element = bf16 ? Product.Element.BF16 : Product.Element.F32;
        Product product = new Product(m, n, k, element, n, form);
        gpu.multiply(product, new Product.Operand(x, 0), new Product.Operand(weight, 0), out.address());
    }
}
