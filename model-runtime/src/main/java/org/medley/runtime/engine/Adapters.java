package org.medley.runtime.engine;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** The adapters of a model on its device, and passes whose rows go through them. */
final class Adapters implements AutoCloseable {
    private final Map<String, Tensor> matrices;
    private final Consumer<Adapter> bring;
    private final Consumer<Adapter> drop;
    private final LowRank.Adder adder;
    private final Map<String, Adapter> adapters = new LinkedHashMap<>();
    /** For each matrix that any adapter adapts, what each does to it, in the order of the adapters. */
    private Map<Tensor, List<LowRank>> parts = Map.of();

    /**
     * @param matrices of the base model, by name
     * @param bring lays an adapter's matrices out on the device
     * @param drop forgets them
     */
    Adapters(Map<String, Tensor> matrices, Consumer<Adapter> bring, Consumer<Adapter> drop, LowRank.Adder adder) {
        this.matrices = matrices;
        this.bring = bring;
        this.drop = drop;
        this.adder = adder;
    }

    /** One that goes by the name already is replaced. */
    void add(String name, Path folder) {
        Adapter adapter = Adapter.read(folder, matrices);
        try {
            bring.accept(adapter);
        } catch (RuntimeException e) {
            drop.accept(adapter);
            adapter.close();
            throw e;
        }
        remove(name);
        adapters.put(name, adapter);
        changed();
    }

    void remove(String name) {
        Adapter adapter = adapters.remove(name);
        if (adapter != null) {
            drop.accept(adapter);
            adapter.close();
            changed();
        }
    }

    private void changed() {
        Map<Tensor, List<LowRank>> next = new IdentityHashMap<>();
        for (Tensor matrix : matrices.values()) {
            List<LowRank> all = Arrays.asList(adapters.values().stream()
                    .map(adapter -> adapter.of(matrix))
                    .toArray(LowRank[]::new));
            if (all.stream().anyMatch(part -> part != null)) {
                next.put(matrix, Collections.unmodifiableList(all));
            }
        }
        parts = next;
    }

    /** For each row of a pass the place of its adapter, -1 for none; empty if no span has an adapter. */
    int[] chosen(List<Batch.Span> spans, int rows) {
        if (spans.stream().allMatch(span -> span.adapter() == null)) {
            return new int[0];
        }
        List<String> names = List.copyOf(adapters.keySet());
        int[] chosen = new int[rows];
        for (Batch.Span span : spans) {
            int place = span.adapter() == null ? -1 : names.indexOf(span.adapter());
            if (place < 0 && span.adapter() != null) {
                throw new IllegalStateException("adapter " + span.adapter() + " is no longer here");
            }
            Arrays.fill(chosen, span.row(), span.row() + span.rows(), place);
        }
        return chosen;
    }

    /** The ops that a pass goes through: those given, unless adapters are chosen. */
    Ops over(Ops ops, int[] chosen) {
        return chosen.length == 0 ? ops : new AdapterOps(ops, adder, parts, chosen);
    }

    @Override
    public void close() {
        List.copyOf(adapters.keySet()).forEach(this::remove);
    }
}
