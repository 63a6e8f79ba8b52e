package org.medley.training.trainer;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.engine.LiveModel;
import org.medley.runtime.network.Network;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.training.autograd.Tape;
import org.medley.training.device.TrainedWeights;
import org.medley.training.device.TrainingDevice;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.precision.Precision;

/**
 * The model while it is trained: its F32 master weights, what the network uses of them in the run's precision, and the
 * gradients of each of the workers that share a step.
 */
final class Student implements AutoCloseable {
    private final Trainable model;
    private final Adaptation adaptation;
    /** What is trained, by name: masters. */
    private final Map<String, Tensor> masters;
    /** The same as the network uses it; the same tensors where nothing is rounded. */
    private final Map<String, Tensor> used;

    private final List<Map<String, Tensor>> gradients = new ArrayList<>();
    private final List<Tape> tapes = new ArrayList<>();
    private final TrainingDevice device;

    /** On the processor. */
    Student(
            Trainable model,
            Adaptation adaptation,
            Precision precision,
            boolean recompute,
            int workers,
            long seed,
            Arena arena) {
        this(model, adaptation, precision, recompute, workers, seed, Place.HOST, arena);
    }

    /**
     * @param adaptation what is trained instead of the model's own weights, or null
     * @param workers that share a step
     * @param seed of what is rounded at random
     */
    Student(
            Trainable model,
            Adaptation adaptation,
            Precision precision,
            boolean recompute,
            int workers,
            long seed,
            Place place,
            Arena arena) {
        this.model = model;
        this.adaptation = adaptation;
        Map<String, Tensor> network = model.parameters();
        this.used = adaptation == null ? network : adaptation.used();
        Map<String, Tensor> initial = adaptation == null ? network : adaptation.masters();
        this.masters = place.shares(precision) ? initial : copies(initial, arena);
        TrainedWeights weights = new TrainedWeights(network, used, masters, TrainedWeights.products(network));
        this.device = place.device(weights, precision, seed, arena);
        try {
            for (int worker = 0; worker < workers; worker++) {
                TrainingDevice own = device.of(worker);
                Map<String, Tensor> theirs = own.gradients(used);
                Map<Tensor, Tensor> trained = new IdentityHashMap<>();
                used.forEach((name, tensor) -> trained.put(tensor, theirs.get(name)));
                gradients.add(theirs);
                tapes.add(new Tape(own.forward(), own.backward(), trained, recompute));
            }
            adapt();
        } catch (RuntimeException | Error e) {
            Closing.after(e, device::close);
            throw e;
        }
    }

    private static Map<String, Tensor> copies(Map<String, Tensor> tensors, Arena arena) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            Tensor copy = Tensor.zeros(arena, tensor.shape());
            copy.copyFrom(tensor);
            copies.put(name, copy);
        });
        return copies;
    }

    /** The model as an engine serves it: computed as it is trained. */
    LiveModel.Wrapping serving() {
        return (ops, room) -> {
            Ops through = device.serving(ops, room);
            return adaptation == null ? through : adaptation.over(through);
        };
    }

    Network network() {
        return model.network();
    }

    Map<String, Tensor> masters() {
        return masters;
    }

    /** An optimizer of the masters, where they are trained. */
    Optimizer optimizer(Settings settings, States states) {
        return device.optimizer(settings, parameters(), states);
    }

    /** The Euclidean norm over all gradients of the first worker, where a step's have come together. */
    double norm() {
        return device.norm(gradients.getFirst());
    }

    /** Brings the host's masters and optimizer states up to date with those that are trained. */
    void fetch() {
        device.fetch();
    }

    /** Brings what is trained up to date with the host's masters and optimizer states. */
    void store() {
        device.store();
        adapt();
    }

    /** The values of a worker's gradient. */
    float[] read(int worker, Tensor gradient) {
        return device.of(worker).read(gradient);
    }

    /** What averages the workers' gradients. */
    GradientExchange exchange(ExchangeSettings settings, States states) {
        return device.exchange(settings, tapes.size(), parameters(), states);
    }

    /** Shares the passes of a step out among the workers, which may go through theirs beside each other. */
    void share(int passes, TrainingDevice.Pass work) {
        device.share(passes, tapes.size(), work);
    }

    /** What the optimizer changes. */
    List<Parameter> parameters() {
        return parameters(masters, model, adaptation != null);
    }

    static List<Parameter> parameters(Map<String, Tensor> trained, Trainable model, boolean adapted) {
        int head = model.network().shape().heads().size();
        List<Parameter> parameters = new ArrayList<>();
        trained.forEach((name, tensor) -> {
            boolean perHead = !adapted && name.matches(".*self_attn\\.[qk]_proj\\.weight");
            int rows = tensor.shape().length == 1 ? 0 : perHead ? head : 1;
            parameters.add(new Parameter(name, tensor, rows));
        });
        return parameters;
    }

    /** By worker. */
    List<Map<String, Tensor>> gradients() {
        return gradients;
    }

    /** A step begins. */
    void begin(int step) {
        device.begin(step);
        for (int worker = 0; worker < gradients.size(); worker++) {
            gradients.get(worker).values().forEach(device.of(worker)::zero);
        }
    }

    /** A step's passes have all gone back. */
    void end() {
        if (adaptation != null) {
            gradients.forEach(adaptation::finish);
        }
    }

    /** The masters were changed: brings what the network uses up to date. */
    void changed() {
        device.changed();
        adapt();
    }

    private void adapt() {
        if (adaptation != null) {
            adaptation.changed(masters);
        }
    }

    /** A pass through the network, ready for the way back by this worker's {@link #tape}. */
    Tensor hidden(int worker, Batch batch) {
        device.of(worker).pass(batch);
        return hidden(tapes.get(worker), batch);
    }

    private Tensor hidden(Tape tape, Batch batch) {
        return network().hidden(adaptation == null ? tape : adaptation.over(tape), batch);
    }

    Tape tape(int worker) {
        return tapes.get(worker);
    }

    /**
     * −log p of each target, with no way back.
     *
     * @param head the student's network, or one that differs from it in the head
     */
    float[] losses(Network head, Batch batch, int[] rows, int[] targets) {
        device.pass(batch);
        Tape tape = new Tape(device.forward(), device.backward(), Map.of(), false);
        return tape.losses(head, hidden(tape, batch), rows, targets);
    }

    /** Looks for the first result that is not finite in a pass. */
    String firstBad(Batch batch) {
        device.pass(batch);
        FiniteWatch watch = new FiniteWatch(device.forward(), model.parameters(), device::read);
        hidden(new Tape(watch, device.backward(), Map.of(), false), batch);
        return watch.first();
    }

    /** Exchanges the masters' values with others. */
    void swap(Map<String, Tensor> others) {
        masters.forEach((name, tensor) -> {
            float[] mine = tensor.toArray();
            tensor.copyFrom(others.get(name));
            others.get(name).copyFrom(mine);
        });
        store();
    }

    long workspaceBytes() {
        return device.workspaceBytes();
    }

    @Override
    public void close() {
        device.close();
    }
}
