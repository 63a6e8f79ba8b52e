package org.medley.runtime.tensor.cuda.driver;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_A_SCALE_MODE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_B_SCALE_MODE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_FAST_ACCUM;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSA;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSB;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.CUBLAS_STATUS_NOT_SUPPORTED;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;
import static org.bytedeco.cuda.global.cudart.CUDA_R_8F_E4M3;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jboss.logging.Logger;
import org.medley.runtime.tensor.cuda.Product;

/**
 * cublasLt. It counts by columns: what lies row by row is the transposed to it, so that {@code out = x · weightᵀ} is
 * asked for as {@code outᵀ = weight · xᵀ}. Asking which algorithm is best takes long; the answers are kept.
 */
final class Blas implements AutoCloseable {
    static final long WORKSPACE = 64L << 20;
    private static final Logger LOG = Logger.getLogger(Blas.class);
    private static final int KEPT = 1024;
    /** What the address of any piece of weights or of the workspace is a multiple of, at most. */
    private static final int ALIGNMENT = 256;

    private final cublasLtContext context = new cublasLtContext();
    private final long workspace;
    private final FloatPointer one = new FloatPointer(1).put(1);
    private final FloatPointer zero = new FloatPointer(1).put(0);
    private final Address a = new Address();
    private final Address b = new Address();
    private final Address d = new Address();
    private final Address w = new Address();
    private final LongPointer scale = new LongPointer(1);
    /** Whether a refusal of a product in eight bits was logged. */
    private boolean told;

    private final Map<Key, Prepared> prepared = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Prepared> eldest) {
            if (size() <= KEPT) {
                return false;
            }
            eldest.getValue().close();
            return true;
        }
    };

    /** @param alignment of the three addresses, bytes */
    private record Key(Product product, int alignment) {}

    /** What the library wants to know of a product; what is not made yet is null. */
    private static final class Prepared implements AutoCloseable {
        private final cublasLtMatmulHeuristicResult_t best = new cublasLtMatmulHeuristicResult_t();
        private cublasLtMatmulDescOpaque_t description;
        private cublasLtMatrixLayoutOpaque_t weight;
        private cublasLtMatrixLayoutOpaque_t x;
        private cublasLtMatrixLayoutOpaque_t out;
        /** Whether there is an algorithm for it. */
        private boolean found;

        @Override
        public void close() {
            if (description != null) {
                cublas.cublasLtMatmulDescDestroy(description);
            }
            for (cublasLtMatrixLayoutOpaque_t layout : Arrays.asList(weight, x, out)) {
                if (layout != null) {
                    cublas.cublasLtMatrixLayoutDestroy(layout);
                }
            }
            best.close();
        }
    }

    /** @param workspace address of {@link #WORKSPACE} bytes of device memory */
    Blas(long workspace) {
        this.workspace = workspace;
        Calls.blas(cublas.cublasLtCreate(context), "cublasLtCreate");
    }

    /** Whether it has an algorithm for a product over memory that begins where device memory does. */
    boolean multiplies(Product product) {
        return prepared.computeIfAbsent(new Key(product, ALIGNMENT), this::prepare).found;
    }

    void multiply(Product product, Product.Operand x, Product.Operand weight, long out, CUstream_st stream) {
        int alignment = (int) Math.min(ALIGNMENT, Long.lowestOneBit(x.address() | weight.address() | out));
        Prepared plan = prepared.computeIfAbsent(new Key(product, alignment), this::prepare);
        if (!plan.found) {
            throw new IllegalStateException("CUDA: cublasLt has no algorithm for " + product);
        }
        if (product.element().eightBits()) {
            set(plan.description, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale.put(weight.scales()), 8);
            set(plan.description, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scale.put(x.scales()), 8);
        }
        Calls.blas(
                cublas.cublasLtMatmul(
                        context,
                        plan.description,
                        one,
                        a.at(weight.address()),
                        plan.weight,
                        b.at(x.address()),
                        plan.x,
                        product.form().added() ? one : zero,
                        d.at(out),
                        plan.out,
                        d,
                        plan.out,
                        plan.best.algo(),
                        w.at(workspace),
                        WORKSPACE,
                        stream),
                "cublasLtMatmul of " + product);
    }

    /**
     * Products in eight bits have another way, so that whatever the library refuses of them is no failure; it tells
     * apart badly what it does not know and what was asked wrongly.
     */
    private Prepared prepare(Key key) {
        Product product = key.product;
        Prepared prepared = new Prepared();
        try {
            prepared.found = describe(key, prepared);
        } catch (IllegalStateException e) {
            if (!product.element().eightBits()) {
                prepared.close();
                throw e;
            }
            if (!told) {
                told = true;
                LOG.warnf("products such as %s are computed over BF16 instead: %s", product, e.getMessage());
            }
        } catch (RuntimeException | Error e) {
            prepared.close();
            throw e;
        }
        return prepared;
    }

    /** Whether there is an algorithm. */
    private boolean describe(Key key, Prepared to) {
        Product product = key.product;
        int element = switch (product.element()) {
            case F32 -> CUDA_R_32F;
            case BF16 -> CUDA_R_16BF;
            case E4M3_TENSOR, E4M3_ROW, E4M3_BLOCK, E4M3_STRIP -> CUDA_R_8F_E4M3;
        };
        try (PointerPointer<Pointer> out = new PointerPointer<>(1);
                IntPointer value = new IntPointer(1)) {
            Calls.blas(
                    cublas.cublasLtMatmulDescCreate(out, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
            to.description = new cublasLtMatmulDescOpaque_t(out.get(0));
            Product.Form form = product.form();
            int weightOp = form.weightTurned() ? CUBLAS_OP_N : CUBLAS_OP_T;
            int xOp = form.xTurned() ? CUBLAS_OP_T : CUBLAS_OP_N;
            set(to.description, CUBLASLT_MATMUL_DESC_TRANSA, value.put(weightOp), 4);
            set(to.description, CUBLASLT_MATMUL_DESC_TRANSB, value.put(xOp), 4);
            if (product.element().eightBits()) {
                describeScales(to.description, product, value);
            }
            to.weight = operand(out, element, product.k(), product.n(), form.weightTurned());
            to.x = operand(out, element, product.k(), product.m(), form.xTurned());
            to.out = layout(out, CUDA_R_32F, product.n(), product.m(), product.outCols());
            Calls.blas(cublas.cublasLtMatmulPreferenceCreate(out), "cublasLtMatmulPreferenceCreate");
            cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t(out.get(0));
            try {
                return search(key, to, preference, value);
            } finally {
                cublas.cublasLtMatmulPreferenceDestroy(preference);
            }
        }
    }

    private boolean search(Key key, Prepared to, cublasLtMatmulPreferenceOpaque_t preference, IntPointer value) {
        try (SizeTPointer bytes = new SizeTPointer(1)) {
            prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes.put(WORKSPACE), 8);
        }
        for (int attribute : new int[] {
            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES
        }) {
            prefer(preference, attribute, value.put(key.alignment), 4);
        }
        int[] found = new int[1];
        int rc = cublas.cublasLtMatmulAlgoGetHeuristic(
                context, to.description, to.weight, to.x, to.out, to.out, preference, 1, to.best, found);
        if (rc != CUBLAS_STATUS_NOT_SUPPORTED) {
            Calls.blas(rc, "cublasLtMatmulAlgoGetHeuristic of " + key.product);
        }
        return rc == 0 && found[0] > 0;
    }

    /** How the scales are laid out, and that they lie where everything lies well. The weights are the library's A. */
    private void describeScales(cublasLtMatmulDescOpaque_t description, Product product, IntPointer value) {
        Product.Element element = product.element();
        int weight = switch (element) {
            case E4M3_STRIP -> CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F;
            case E4M3_ROW -> CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
            case E4M3_BLOCK -> CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F;
            default -> CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F;
        };
        int x = element == Product.Element.E4M3_BLOCK ? CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F : weight;
        set(description, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, value.put(weight), 4);
        set(description, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, value.put(x), 4);
        set(description, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale.put(workspace), 8);
        set(description, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scale, 8);
        // Sums of blocks are added in F32 anyway; elsewhere the tensor cores' own sums are what an answer needs.
        try (BytePointer fast = new BytePointer(1)) {
            boolean tiled = element == Product.Element.E4M3_BLOCK || element == Product.Element.E4M3_STRIP;
            fast.put((byte) (tiled || product.form().carried() ? 0 : 1));
            set(description, CUBLASLT_MATMUL_DESC_FAST_ACCUM, fast, 1);
        }
    }

    /** A matrix of so many rows of k elements each, or of k rows where it is turned; the library counts by columns. */
    private static cublasLtMatrixLayoutOpaque_t operand(
            PointerPointer<Pointer> out, int type, long k, long rows, boolean turned) {
        return turned ? layout(out, type, rows, k, rows) : layout(out, type, k, rows, k);
    }

    private static void set(cublasLtMatmulDescOpaque_t description, int attribute, Pointer value, long bytes) {
        Calls.blas(
                cublas.cublasLtMatmulDescSetAttribute(description, attribute, value, bytes),
                "cublasLtMatmulDescSetAttribute of " + attribute);
    }

    private static void prefer(cublasLtMatmulPreferenceOpaque_t preference, int attribute, Pointer value, long bytes) {
        Calls.blas(
                cublas.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes),
                "cublasLtMatmulPreferenceSetAttribute");
    }

    private static cublasLtMatrixLayoutOpaque_t layout(
            PointerPointer<Pointer> out, int type, long rows, long cols, long apart) {
        Calls.blas(cublas.cublasLtMatrixLayoutCreate(out, type, rows, cols, apart), "cublasLtMatrixLayoutCreate");
        return new cublasLtMatrixLayoutOpaque_t(out.get(0));
    }

    @Override
    public void close() {
        prepared.values().forEach(Prepared::close);
        prepared.clear();
        cublas.cublasLtDestroy(context);
        one.close();
        zero.close();
        scale.close();
    }
}
