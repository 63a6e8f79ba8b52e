package org.medley.training.gpu;

import java.util.IdentityHashMap;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.cuda.Product;
import org.medley.runtime.tensor.cuda.Product.Operand;

/**
 * Products over E4M3 in scaled tiles (DeepSeek-V3 report, sec. 3.3; InfiR2): inputs and gradients are rounded in tiles of
 * 1 x 128 along what is contracted, weights in tiles of 128 x 128. For the gradient of a weight, which contracts along
 * rows, both operands are rounded again from what they were. Where a device does not multiply a matrix's codes, what they
 * stand for is multiplied as BF16.
 */
final class EightBitProducts implements Products {
    private final Launcher launcher;
    private final Gpu gpu;
    private final Tiles tiles;
    private final DeviceWorkspace results;
    private final DeviceWorkspace operands;
    private final Map<Tensor, EightBitWeight> weights = new IdentityHashMap<>();
    /** The last input that was rounded on the way forward, and how. */
    private Tensor rounded;

    private boolean roundedCoded;
    private int roundedRows;
    private Operand at;

    EightBitProducts(Launcher launcher, Tiles tiles, DeviceWorkspace results, DeviceWorkspace operands) {
        this.launcher = launcher;
        this.gpu = launcher.gpu();
        this.tiles = tiles;
        this.results = results;
        this.operands = operands;
    }

    /**
     * Whether a device multiplies the codes of a matrix in all three products.
     *
     * @param whole whether one scale is for all
     * @param rows that a pass has about
     */
    static boolean coded(Gpu gpu, boolean whole, int n, int k, int rows) {
        if (n % Product.BLOCK != 0 || k % Product.BLOCK != 0) {
            return false;
        }
        return codesMultiplied(gpu, whole, padded(rows, true), n, k);
    }

    private static boolean codesMultiplied(Gpu gpu, boolean whole, int m, int n, int k) {
        return gpu.multiplies(forward(whole, true, m, n, k))
                && gpu.multiplies(toInput(whole, true, m, n, k, true))
                && gpu.multiplies(toInput(whole, true, m, n, k, false))
                && gpu.multiplies(toWeight(whole, true, m, n, k));
    }

    void put(Tensor name, EightBitWeight weight) {
        weights.put(name, weight);
    }

    boolean holds(Tensor name) {
        return weights.containsKey(name);
    }

    /** Whole tiles of rows for codes: that is what libraries have algorithms for. BF16 is best aligned to 16. */
    private static int padded(int rows, boolean coded) {
        int step = coded ? Product.BLOCK : 16;
        return Math.ceilDiv(rows, step) * step;
    }

    /**
     * Rows that a pass is filled up to for a matrix. Libraries lack algorithms for some numbers of rows; for the one it
     * was asked with there are.
     */
    private int filled(int rows, EightBitWeight weight) {
        int m = padded(rows, weight.coded());
        while (weight.coded() && m < weight.rows() && !codesMultiplied(gpu, tiles.whole(), m, weight.n(), weight.k())) {
            m += Product.BLOCK;
        }
        return m;
    }

    private static Product.Element element(boolean whole, boolean coded, Product.Element tiled) {
        return !coded ? Product.Element.BF16 : whole ? Product.Element.E4M3_TENSOR : tiled;
    }

    private static Product forward(boolean whole, boolean coded, int m, int n, int k) {
        Product.Form form = new Product.Form(false, false, false, true);
        return new Product(m, n, k, element(whole, coded, Product.Element.E4M3_BLOCK), n, form);
    }

    private static Product toInput(boolean whole, boolean coded, int m, int n, int k, boolean added) {
        Product.Form form = new Product.Form(false, !coded, added, true);
        return new Product(m, k, n, element(whole, coded, Product.Element.E4M3_BLOCK), k, form);
    }

    private static Product toWeight(boolean whole, boolean coded, int m, int n, int k) {
        Product.Form form = new Product.Form(false, false, true, true);
        return new Product(n, k, m, element(whole, coded, Product.Element.E4M3_STRIP), k, form);
    }

    @Override
    public Tensor forward(Tensor x, Tensor name) {
        EightBitWeight weight = weights.get(name);
        boolean coded = weight.coded();
        int m = filled(x.rows(), weight);
        if (x != rounded || coded != roundedCoded || m != roundedRows) {
            operands.reset();
            at = tiles.rows(x, m, coded, operands);
            rounded = x;
            roundedCoded = coded;
            roundedRows = m;
        }
        Tensor out = results.tensor(m, weight.n());
        gpu.multiply(forward(tiles.whole(), coded, m, weight.n(), weight.k()), at, weight.along(), out.address());
        return out.slice(0, x.rows());
    }

    @Override
    public void begin() {
        operands.reset();
        rounded = null;
    }

    @Override
    public void toInput(Tensor dy, Tensor name, Tensor dx) {
        EightBitWeight weight = weights.get(name);
        boolean coded = weight.coded();
        int m = filled(dy.rows(), weight);
        Operand left = tiles.rows(dy, m, coded, operands);
        boolean added = m == dy.rows();
        Product product = toInput(tiles.whole(), coded, m, weight.n(), weight.k(), added);
        Operand right = coded ? weight.turned() : weight.along();
        if (added) {
            gpu.multiply(product, left, right, dx.address());
            return;
        }
        Tensor more = operands.tensor(m, weight.k());
        gpu.multiply(product, left, right, more.address());
        launcher.none().put(more.address()).put(1f).put(dx.size()).put(dx.address());
        launcher.launch("elementwise_back", "add_scaled", Grid.elements(dx.size()));
    }

    @Override
    public void toWeight(Tensor x, Tensor name, Tensor dy, Tensor dWeight) {
        EightBitWeight weight = weights.get(name);
        boolean coded = weight.coded();
        int m = filled(x.rows(), weight);
        Operand left = tiles.columns(dy, m, coded, operands);
        Operand right = tiles.columns(x, m, coded, operands);
        Product product = toWeight(tiles.whole(), coded, m, weight.n(), weight.k());
        gpu.multiply(product, left, right, dWeight.address());
    }
}
