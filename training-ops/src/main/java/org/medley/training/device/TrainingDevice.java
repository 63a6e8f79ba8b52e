package org.medley.training.device;

import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.parallel.LocalExchange;

/**
 * Where a model is trained: its memory, and what computes in it. Weights go by the host's tensors, which the network
 * names them by; where a device has memory of its own, what the host's tensors hold is current after {@link #fetch()}
 * and until the next step. Used by one thread.
 */
public interface TrainingDevice extends AutoCloseable {
    /** Ops whose results live until the next pass. */
    Ops forward();

    BackwardOps backward();

    /**
     * Tensors that gradients of what is trained are gathered in, by name.
     *
     * @param like what is trained, by name
     */
    Map<String, Tensor> gradients(Map<String, Tensor> like);

    /**
     * An optimizer of the masters by the first worker's gradients, where they were averaged.
     *
     * @param states where what a checkpoint keeps of it is made
     */
    Optimizer optimizer(Settings settings, List<Parameter> parameters, States states);

    /** What a worker's passes run on. */
    default TrainingDevice of(int worker) {
        return this;
    }

    /** A pass of a step, counted from 0. */
    @FunctionalInterface
    interface Pass {
        void run(int worker, int pass);
    }

    /**
     * Shares the passes of a step out, each to the next worker. Where workers have devices of their own, passes of
     * different workers run on different threads at once; here they take turns.
     */
    default void share(int passes, int workers, Pass work) {
        for (int pass = 0; pass < passes; pass++) {
            work.run(pass % workers, pass);
        }
    }

    /** What averages the workers' gradients for {@link #norm} and {@link #optimizer}. */
    default GradientExchange exchange(
            ExchangeSettings settings, int workers, List<Parameter> parameters, States states) {
        return new LocalExchange(settings, workers, parameters, states);
    }

    /**
     * The Euclidean norm over all gradients.
     *
     * @param gradients the first worker's, where they were averaged
     */
    double norm(Map<String, Tensor> gradients);

    /** A step begins, whose number decides what is rounded at random in it. */
    void begin(int step);

    void zero(Tensor gradient);

    /** A pass begins; results of the last one are gone. */
    void pass(Batch batch);

    /**
     * The masters were changed where they are trained: brings what the network uses of them up to date. Gradients may be
     * lost, here and by {@link #store()}.
     */
    void changed();

    /** Brings masters and optimizer states to the host. */
    void fetch();

    /** The host's masters and optimizer states were changed: brings them, and what the network uses, up to date. */
    void store();

    /** The values of a result or a gradient. */
    float[] read(Tensor tensor);

    /** A server's ops on the host, computing with the host's weights as this device does with its own. */
    Ops serving(Ops ops, Workspace room);

    /** Bytes that hold results of passes. */
    long workspaceBytes();

    @Override
    void close();
}
