package org.medley.training.parallel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.OptimizerKernels;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.States;

/**
 * All workers in one process. Every group of elements belongs to one worker: the others send it theirs, it averages in
 * F32 and sends the average to them, coded once more. The messages are really coded and decoded, and counted; only the
 * wire is missing. A group's result depends on nothing but the group, so it is the same for any number of threads.
 */
public final class LocalExchange implements GradientExchange {
    /** Elements that are worth handing to another thread. */
    private static final int GRAIN = 16_384;

    private static final ThreadLocal<Scratch> SCRATCH = Scratch.perThread();

    private final ExchangeSettings settings;
    private final int workers;
    private final GroupCode code;
    private final Map<String, Integer> sizes = new LinkedHashMap<>();
    /** Per worker; empty where nothing is carried over. */
    private final List<Map<String, Tensor>> errors = new ArrayList<>();

    private final States states;

    /**
     * An exchange for gradients of these parameters.
     *
     * @param workers at least 1
     * @param states where the losses are made; with the planned form nothing may be averaged
     */
    public LocalExchange(ExchangeSettings settings, int workers, List<Parameter> parameters, States states) {
        if (workers < 1) {
            throw new IllegalArgumentException("an exchange among " + workers + " workers; there must be at least 1");
        }
        this.settings = settings;
        this.workers = workers;
        this.states = states;
        code = new GroupCode(settings.bits());
        parameters.forEach(p -> sizes.put(p.name(), Math.toIntExact(p.value().size())));
        for (int worker = 0; carries() && worker < workers; worker++) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            for (Parameter parameter : parameters) {
                String name = "error." + worker + "." + parameter.name();
                own.put(
                        parameter.name(),
                        states.make(name, DType.F32, parameter.value().shape()));
            }
            errors.add(own);
        }
    }

    private boolean carries() {
        return settings.compression() == Compression.error_feedback || settings.compression() == Compression.loco;
    }

    /** How much old losses count: none of them are old in classic error feedback. */
    private float beta() {
        return settings.compression() == Compression.loco ? settings.beta() : 0;
    }

    @Override
    public States states() {
        return states;
    }

    @Override
    public Traffic average(List<Map<String, Tensor>> gradients, int step) {
        check(gradients);
        long sent = 0;
        long plain = 0;
        for (var entry : sizes.entrySet()) {
            String name = entry.getKey();
            int size = entry.getValue();
            List<Tensor> tensors = gradients.stream().map(g -> g.get(name)).toList();
            if (workers > 1) {
                average(name, tensors, size, step);
            }
            sent += messages(size);
            plain += 4L * size;
        }
        // Each element goes to its owner from all others, and from its owner to all others.
        return new Traffic(2L * (workers - 1) * sent, 2L * (workers - 1) * plain);
    }

    /** Bytes of a tensor when it is sent once. */
    private long messages(int size) {
        if (settings.compression() == Compression.none) {
            return 4L * size;
        }
        int rest = size % settings.group();
        return (long) (size / settings.group()) * code.bytes(settings.group()) + (rest == 0 ? 0 : code.bytes(rest));
    }

    private void average(String name, List<Tensor> tensors, int size, int step) {
        long[] from = tensors.stream().mapToLong(Tensor::address).toArray();
        long[] error = errors.stream().mapToLong(e -> e.get(name).address()).toArray();
        boolean forget = settings.compression() == Compression.loco && step % settings.resetEvery() == 0;
        int group = settings.group();
        Workers.ranges(Math.ceilDiv(size, group), GRAIN / group, (first, last) -> {
            for (int i = first; i < last; i++) {
                long at = 4L * i * group;
                int count = Math.min(group, size - i * group);
                if (settings.compression() == Compression.none) {
                    plain(from, at, count);
                } else {
                    coded(from, error, at, count, forget);
                }
            }
        });
    }

    private void plain(long[] from, long at, int count) {
        long sum = SCRATCH.get().floats(count);
        Memory.zero(sum, 4L * count);
        for (long gradient : from) {
            RowKernels.add(sum, gradient + at, sum, 0, count);
        }
        RowKernels.scale(sum, count, 1f / workers);
        for (long gradient : from) {
            Memory.copy(sum, gradient + at, 4L * count);
        }
    }

    /** One group's two ways. */
    private void coded(long[] from, long[] error, long at, int count, boolean forget) {
        long sum = SCRATCH.get().floats(5L * count + 1);
        long x = sum + 4L * count;
        long arrived = x + 4L * count;
        long rounded = arrived + 4L * count;
        long message = rounded + 4L * count;
        Memory.zero(sum, 4L * count);
        for (int worker = 0; worker < workers; worker++) {
            if (error.length == 0) {
                Memory.copy(from[worker] + at, x, 4L * count);
            } else {
                RowKernels.add(from[worker] + at, error[worker] + at, x, 0, count);
            }
            code.encode(x, count, rounded, message);
            code.decode(message, count, arrived);
            RowKernels.add(sum, arrived, sum, 0, count);
            if (error.length > 0) {
                OptimizerKernels.residual(x, arrived, error[worker] + at, beta(), count);
            }
            if (forget) {
                Memory.zero(error[worker] + at, 4L * count);
            }
        }
        RowKernels.scale(sum, count, 1f / workers);
        code.encode(sum, count, rounded, message);
        for (long gradient : from) {
            code.decode(message, count, gradient + at);
        }
    }

    private void check(List<Map<String, Tensor>> gradients) {
        if (gradients.size() != workers) {
            throw new IllegalArgumentException(
                    "gradients of " + gradients.size() + " workers; the exchange is among " + workers);
        }
        for (int worker = 0; worker < workers; worker++) {
            Map<String, Tensor> own = gradients.get(worker);
            for (var entry : sizes.entrySet()) {
                Tensor gradient = own.get(entry.getKey());
                if (gradient == null || gradient.dtype() != DType.F32 || gradient.size() != entry.getValue()) {
                    throw new IllegalArgumentException("worker " + worker + "'s gradient of " + entry.getKey() + " is "
                            + gradient + "; " + entry.getValue() + " F32 elements are averaged");
                }
            }
        }
    }
}
