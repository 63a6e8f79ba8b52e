package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.network.Encoder;
import org.medley.runtime.network.EncoderLoader;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.EmbeddingSettings;
import org.medley.runtime.weights.ModelSource;

/**
 * Serves one encoder on the processor: vectors of texts, and scores of pairs. Texts of like length go through the network
 * together; between two such passes another request may come in.
 */
public final class EncoderEngine implements Embedder, ServedModel, AutoCloseable {
    /** Tokens that models put around a text. */
    private static final int AROUND = 2;

    private final String name;
    private final ModelSource source;
    private final EmbeddingSettings settings;
    private final Tokenizer tokenizer;
    private final Arena arena = Arena.ofShared();
    private final Encoder encoder;
    private final Workspace workspace = new Workspace();
    private final CpuOps ops;
    private final int passTokens;
    private final int context;
    private final ReentrantLock turn = new ReentrantLock(true);
    private final AtomicInteger load = new AtomicInteger();
    private final int mostWaiting;
    private final PassObserver observer;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean draining;

    /** Is told of every pass, after it. */
    public interface PassObserver {
        PassObserver NONE = (texts, tokens, nanos) -> {};

        void pass(int texts, int tokens, long nanos);
    }

    /**
     * @param scores one per document, 0 to 1
     * @param tokens that were read
     */
    public record Scored(double[] scores, int tokens) {}

    /** @throws BadModelException if the files are no encoder that can be served */
    public EncoderEngine(String name, ModelSource model, EngineOptions options, PassObserver observer) {
        this.name = name;
        this.source = model;
        this.settings = model.embeddingSettings();
        this.tokenizer = new Tokenizer(model);
        try {
            this.encoder = EncoderLoader.load(model, arena, options.format());
            this.ops = new CpuOps(workspace, CpuWeights.of(encoder.matrices().values(), arena));
        } catch (RuntimeException e) {
            close();
            throw e instanceof IllegalArgumentException ? new BadModelException(model.path(), e.getMessage(), e) : e;
        }
        this.context = Math.min(Math.min(encoder.shape().context(), settings.longest()), options.context());
        this.passTokens = options.limits().stepTokens();
        this.mostWaiting = options.limits().waiting();
        this.observer = observer;
    }

    @Override
    public String id() {
        return name;
    }

    @Override
    public int dimensions() {
        return encoder.shape().width();
    }

    /** Longest text in tokens, those that the model puts around it included. */
    public int context() {
        return context;
    }

    /** Whether it scores pairs of texts. */
    public boolean scores() {
        return encoder.shape().scores();
    }

    @Override
    public int load() {
        return load.get();
    }

    @Override
    public String cannotEmbed() {
        if (settings.pooling() != null) {
            return null;
        }
        return scores()
                ? "ranks texts and does not embed them"
                : "does not tell how a text's vector is made of its tokens' (1_Pooling/config.json); add the model again with"
                        + " --pooling FIRST, MEAN or LAST, as its makers say";
    }

    @Override
    public Embedded embed(List<String> texts, Reading reading) {
        if (cannotEmbed() != null) {
            throw new IllegalArgumentException(name + " " + cannotEmbed());
        }
        String before = prompt(reading.side());
        return inside(() -> {
            List<Tokenizer.Encoded> encoded = IntStream.range(0, texts.size())
                    .mapToObj(i ->
                            fitting(tokenizer.encodeWhole(before + texts.get(i), null), reading.cut(), "text " + i))
                    .toList();
            List<float[]> vectors = each(encoded, pass -> pooled(settings.pooling(), pass));
            if (reading.unit()) {
                vectors.forEach(EncoderEngine::toUnit);
            }
            return new Embedded(vectors, tokens(encoded));
        });
    }

    /**
     * How well each document answers the query, by a head trained for it.
     *
     * @param cut as {@link Embedder.Reading#cut}; a document's end is left out, never the query's
     * @throws IllegalArgumentException if query and document together are longer than the model reads, or nothing would
     *     be left of a document
     */
    public Scored score(String query, List<String> documents, int cut) {
        return inside(() -> {
            int asked = tokenizer.encodeWhole(query, "").ids().length;
            List<Tokenizer.Encoded> encoded = IntStream.range(0, documents.size())
                    .mapToObj(i -> {
                        String both = "document " + i + " with the query";
                        Tokenizer.Encoded pair = fitting(tokenizer.encodeWhole(query, documents.get(i)), cut, both);
                        if (pair.ids().length <= asked) {
                            throw new IllegalArgumentException(both + " has room for " + pair.ids().length
                                    + " tokens, of which the query takes " + asked);
                        }
                        return pair;
                    })
                    .toList();
            List<float[]> raw = each(encoded, pass -> encoder.scores(ops, hidden(pass), pass.batch));
            double[] scores =
                    raw.stream().mapToDouble(one -> 1 / (1 + Math.exp(-one[0]))).toArray();
            return new Scored(scores, tokens(encoded));
        });
    }

    /** Whoever is inside keeps the engine from being closed; too many are sent away before anything is done for them. */
    private <T> T inside(Supplier<T> work) {
        try {
            if (load.incrementAndGet() > mostWaiting || draining) {
                throw new EngineBusyException(name, mostWaiting);
            }
            return work.get();
        } finally {
            load.decrementAndGet();
        }
    }

    private String prompt(Side side) {
        return switch (side) {
            case PLAIN -> "";
            case QUERY -> settings.prompts().getOrDefault("query", "");
            case DOCUMENT ->
                settings.prompts().getOrDefault("document", settings.prompts().getOrDefault("passage", ""));
        };
    }

    private Tokenizer.Encoded fitting(Tokenizer.Encoded text, int cut, String what) {
        int most = cut == 0 ? context : Math.min(cut, context);
        if (text.ids().length > most && cut == 0) {
            throw new IllegalArgumentException(what + " has " + text.ids().length + " tokens; " + name
                    + " reads at most " + context + " (truncate_prompt_tokens cuts longer ones)");
        }
        if (most <= AROUND && text.ids().length > most) {
            throw new IllegalArgumentException("a text cut to " + most + " tokens has none of its own");
        }
        return text.cut(most);
    }

    private static int tokens(List<Tokenizer.Encoded> encoded) {
        return encoded.stream().mapToInt(text -> text.ids().length).sum();
    }

    /** @param types of the batch's tokens */
    private record Pass(Batch batch, int[] types) {
        static Pass of(List<Tokenizer.Encoded> texts) {
            List<Batch.Span> spans = new ArrayList<>();
            int rows = 0;
            for (Tokenizer.Encoded text : texts) {
                spans.add(new Batch.Span(rows, text.ids().length));
                rows += text.ids().length;
            }
            return new Pass(
                    Batch.of(joined(texts, Tokenizer.Encoded::ids), spans, null),
                    joined(texts, Tokenizer.Encoded::types));
        }

        private static int[] joined(List<Tokenizer.Encoded> texts, Function<Tokenizer.Encoded, int[]> part) {
            return texts.stream().map(part).flatMapToInt(Arrays::stream).toArray();
        }
    }

    private Tensor hidden(Pass pass) {
        return encoder.hidden(ops, pass.batch, pass.types);
    }

    private Tensor pooled(EmbeddingSettings.Pooling pooling, Pass pass) {
        List<Batch.Span> spans = pass.batch.spans();
        Tensor hidden = hidden(pass);
        return switch (pooling) {
            case FIRST -> ops.rows(hidden, pass.batch.firstRows());
            case LAST ->
                ops.rows(
                        hidden,
                        spans.stream().mapToInt(s -> s.row() + s.rows() - 1).toArray());
            case MEAN -> ops.means(hidden, spans);
        };
    }

    /** What the network makes of each text, in the texts' order. */
    private List<float[]> each(List<Tokenizer.Encoded> texts, Function<Pass, Tensor> network) {
        Integer[] byLength = IntStream.range(0, texts.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> texts.get(i).ids().length))
                .toArray(Integer[]::new);
        float[][] results = new float[texts.size()][];
        int from = 0;
        while (from < byLength.length) {
            int to = from;
            int tokens = 0;
            while (to < byLength.length
                    && (to == from || tokens + texts.get(byLength[to]).ids().length <= passTokens)) {
                tokens += texts.get(byLength[to++]).ids().length;
            }
            List<Integer> together = Arrays.asList(byLength).subList(from, to);
            float[] values = run(Pass.of(together.stream().map(texts::get).toList()), network);
            int width = values.length / together.size();
            for (int i = 0; i < together.size(); i++) {
                results[together.get(i)] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
            }
            from = to;
        }
        return Arrays.asList(results);
    }

    private float[] run(Pass pass, Function<Pass, Tensor> network) {
        turn.lock();
        try {
            long began = System.nanoTime();
            workspace.reset();
            float[] values = network.apply(pass).toArray();
            observer.pass(pass.batch.spans().size(), pass.batch.rows(), System.nanoTime() - began);
            return values;
        } finally {
            turn.unlock();
        }
    }

    private static void toUnit(float[] vector) {
        double square = 0;
        for (float value : vector) {
            square += (double) value * value;
        }
        float factor = square == 0 ? 0 : (float) (1 / Math.sqrt(square));
        for (int i = 0; i < vector.length; i++) {
            vector[i] *= factor;
        }
    }

    /** Those inside end what they have begun, however long it takes: memory is not taken from under them. */
    @Override
    public void drain(long millis) {
        close();
    }

    @Override
    public void close() {
        draining = true;
        boolean interrupted = false;
        while (load.get() > 0) {
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (closed.compareAndSet(false, true)) {
            workspace.close();
            arena.close();
            tokenizer.close();
        }
    }
}
