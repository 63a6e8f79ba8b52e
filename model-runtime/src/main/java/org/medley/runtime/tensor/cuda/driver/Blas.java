package org.medley.runtime.tensor.cuda.driver;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_A_SCALE_MODE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_B_SCALE_MODE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_FAST_ACCUM;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSA;
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
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.CUBLAS_STATUS_NOT_SUPPORTED;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;
import static org.bytedeco.cuda.global.cudart.CUDA_R_8F_E4M3;

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
import org.medley.runtime.tensor.cuda.Product;

/**
 * cublasLt. It counts by columns: what lies row by row is the transposed to it, so that {@code out = x · weightᵀ} is
 * asked for as {@code outᵀ = weight · xᵀ}. Asking which algorithm is best takes long; the answers are kept.
 */
final class Blas implements AutoCloseable {
    static final long WORKSPACE = 64L << 20;
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

    /** @param found whether there is an algorithm for it */
    private record Prepared(
            boolean found,
            cublasLtMatmulDescOpaque_t description,
            cublasLtMatrixLayoutOpaque_t weight,
            cublasLtMatrixLayoutOpaque_t x,
            cublasLtMatrixLayoutOpaque_t out,
            cublasLtMatmulHeuristicResult_t best)
            implements AutoCloseable {
        @Override
        public void close() {
            cublas.cublasLtMatmulDescDestroy(description);
            cublas.cublasLtMatrixLayoutDestroy(weight);
            cublas.cublasLtMatrixLayoutDestroy(x);
            cublas.cublasLtMatrixLayoutDestroy(out);
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
                        zero,
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

    private Prepared prepare(Key key) {
        Product product = key.product;
        int element = switch (product.element()) {
            case F32 -> CUDA_R_32F;
            case BF16 -> CUDA_R_16BF;
            case E4M3_TENSOR, E4M3_ROW, E4M3_BLOCK -> CUDA_R_8F_E4M3;
        };
        cublasLtMatmulHeuristicResult_t best = new cublasLtMatmulHeuristicResult_t();
        try (PointerPointer<Pointer> out = new PointerPointer<>(1);
                IntPointer value = new IntPointer(1);
                SizeTPointer bytes = new SizeTPointer(1)) {
            Calls.blas(
                    cublas.cublasLtMatmulDescCreate(out, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
            cublasLtMatmulDescOpaque_t description = new cublasLtMatmulDescOpaque_t(out.get(0));
            set(description, CUBLASLT_MATMUL_DESC_TRANSA, value.put(CUBLAS_OP_T), 4);
            if (product.element().eightBits()) {
                describeScales(description, product.element(), value);
            }
            cublasLtMatrixLayoutOpaque_t weight = layout(out, element, product.k(), product.n(), product.k());
            cublasLtMatrixLayoutOpaque_t x = layout(out, element, product.k(), product.m(), product.k());
            cublasLtMatrixLayoutOpaque_t to = layout(out, CUDA_R_32F, product.n(), product.m(), product.outCols());
            Calls.blas(cublas.cublasLtMatmulPreferenceCreate(out), "cublasLtMatmulPreferenceCreate");
            cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t(out.get(0));
            prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes.put(WORKSPACE), 8);
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
                    context, description, weight, x, to, to, preference, 1, best, found);
            cublas.cublasLtMatmulPreferenceDestroy(preference);
            if (rc != CUBLAS_STATUS_NOT_SUPPORTED) {
                Calls.blas(rc, "cublasLtMatmulAlgoGetHeuristic of " + product);
            }
            return new Prepared(rc == 0 && found[0] > 0, description, weight, x, to, best);
        }
    }

    /** How the scales are laid out, and that they lie where everything lies well. The weights are the library's A. */
    private void describeScales(cublasLtMatmulDescOpaque_t description, Product.Element element, IntPointer value) {
        int weight = switch (element) {
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
            fast.put((byte) (element == Product.Element.E4M3_BLOCK ? 0 : 1));
            set(description, CUBLASLT_MATMUL_DESC_FAST_ACCUM, fast, 1);
        }
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
