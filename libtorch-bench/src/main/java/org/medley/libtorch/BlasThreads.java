package org.medley.libtorch;

import java.util.function.Supplier;
import org.bytedeco.openblas.global.openblas_full;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;

/**
 * How many threads OpenBLAS takes. libtorch's attention multiplies small matrices on threads of its own; were each of
 * these products divided among OpenBLAS's threads again, they would wait for one another most of the time.
 */
final class BlasThreads {
    private final int all;
    private final Hook alone = new Hook(1);
    private final Hook together;

    /** Sets the number once a gradient is known. */
    private static final class Hook extends VoidTensorHook {
        private final int threads;

        Hook(int threads) {
            this.threads = threads;
        }

        @Override
        public void call(TensorBase gradient) {
            openblas_full.openblas_set_num_threads(threads);
        }
    }

    BlasThreads(int all) {
        this.all = all;
        this.together = new Hook(all);
        openblas_full.openblas_set_num_threads(all);
    }

    /** Runs an op whose products take one thread each, forward and on the way back from its result to its inputs. */
    Tensor alone(Supplier<Tensor> op, Tensor... inputs) {
        openblas_full.openblas_set_num_threads(1);
        Tensor result = op.get();
        openblas_full.openblas_set_num_threads(all);
        result.register_hook(alone);
        for (Tensor input : inputs) {
            input.register_hook(together);
        }
        return result;
    }
}
