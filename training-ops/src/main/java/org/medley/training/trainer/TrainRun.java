package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.StreamSupport;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.network.DecoderConfig;
import org.medley.runtime.network.DecoderWeights;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;
import org.medley.training.data.Encoder;
import org.medley.training.data.Feed;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Packed;
import org.medley.training.data.Source;
import org.medley.training.data.TokenStore;
import org.medley.training.data.TooLong;
import org.medley.training.optimizer.AdamW;
import org.medley.training.optimizer.Schedule;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.tokenizer.BpeTrainer;

/**
 * One training run from recipe to model folder. Everything that decides the result (weights, optimizer, place in the
 * data) is in its checkpoints, so a run that was killed goes on bit for bit where its last checkpoint was.
 */
public final class TrainRun {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final float INITIAL_DEVIATION = 0.02f;

    private final TrainRecipe recipe;
    private final Catalog catalog;
    private final Path work;
    private final RunListener listener;

    private final List<Source> datasets = new ArrayList<>();
    private final List<TokenStore> stores = new ArrayList<>();
    private final List<Lineage.DatasetUse> uses = new ArrayList<>();
    private MetricLog log;
    private long tokensTrained;

    /**
     * @param recipe completed by {@link Recipes}
     * @param work folder of this run's checkpoints and metrics; a run continues what it finds there
     */
    public TrainRun(TrainRecipe recipe, Catalog catalog, Path work, RunListener listener) {
        this.recipe = recipe;
        this.catalog = catalog;
        this.work = work;
        this.listener = listener;
    }

    /**
     * Runs to the end and writes the model.
     *
     * @return the lineage of the written model
     * @throws BadRecipeException if recipe, model or data do not fit together
     * @throws RunCancelledException if the listener said so
     */
    public Lineage run(Path target) throws IOException {
        Files.createDirectories(work);
        listener.steps(recipe.steps());
        for (TrainRecipe.Data data : recipe.data()) {
            datasets.add(source(data));
        }
        Path start = recipe.model().from() == null
                ? null
                : catalog.model(recipe.model().from());
        Path text = start != null ? start : tokenizerFolder();
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace();
                Tokenizer tokenizer = new Tokenizer(text.resolve("tokenizer.json"))) {
            ObjectNode configJson = start != null
                    ? (ObjectNode) new ModelFolder(start).config()
                    : scratchConfig(recipe.model().scratch(), vocabulary(text));
            DecoderConfig config = DecoderConfig.read(text.resolve("config.json"), configJson);
            Map<String, Tensor> parameters =
                    start != null ? load(new ModelFolder(start), config, arena) : initial(config, arena);
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            parameters.forEach((name, tensor) -> gradients.put(name, Tensor.zeros(arena, tensor.shape())));
            Decoder decoder = decoder(config, parameters, text);
            int end = tokenizer.encode("<|endoftext|>")[0];
            Encoder encoder = Encoder.of(new ModelFolder(text), tokenizer, end, config.vocabulary());
            train(decoder, parameters, gradients, encoder, arena, workspace);
            return write(target, start, text, configJson, parameters);
        } finally {
            stores.forEach(TokenStore::close);
        }
    }

    private Source source(TrainRecipe.Data data) {
        return Source.of(data.dataset(), catalog.dataset(data.dataset()), data.format());
    }

    private TokenStore open(Source source, Encoder encoder) throws IOException {
        TokenStore store = TokenStore.open(source, encoder, work.resolve("tokens"), (done, total) -> {
            if (listener.cancelled()) {
                throw new RunCancelledException(0);
            }
        });
        stores.add(store);
        return store;
    }

    private Decoder decoder(DecoderConfig config, Map<String, Tensor> parameters, Path text) {
        if (recipe.sequence() > config.context()) {
            throw new BadRecipeException("sequence of " + recipe.sequence()
                    + " tokens is longer than the model's context, " + config.context());
        }
        return new Decoder(config, DecoderWeights.of(text, config, parameters), recipe.sequence());
    }

    private void train(
            Decoder decoder,
            Map<String, Tensor> parameters,
            Map<String, Tensor> gradients,
            Encoder encoder,
            Arena arena,
            Workspace workspace)
            throws IOException {
        Feed feed = feed(encoder);
        Evaluation evaluation = evaluation(encoder, decoder, workspace);
        AdamW optimizer = new AdamW(settings(), parameters, arena);
        Map<String, Tensor> saved = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> saved.put("p." + name, tensor));
        saved.putAll(optimizer.states());
        Checkpoints checkpoints =
                new Checkpoints(work.resolve("checkpoints"), recipe.checkpoint().keep());
        String fingerprint = fingerprint();
        Checkpoints.State state = checkpoints.restore(fingerprint, saved);
        int done = state == null ? 0 : state.step();
        log = MetricLog.open(work.resolve("metrics.jsonl"), done);
        if (state != null) {
            tokensTrained = state.tokens();
            feed.seek(state.position());
            listener.message("continues after step " + done);
        }
        Map<Tensor, Tensor> trained = new java.util.IdentityHashMap<>();
        parameters.forEach((name, tensor) -> trained.put(tensor, gradients.get(name)));
        Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(), workspace, trained);
        Schedule schedule = new Schedule(
                recipe.optimizer().learningRate().floatValue(),
                recipe.optimizer().minLearningRate().floatValue(),
                recipe.optimizer().warmup(),
                recipe.steps());
        for (int step = done + 1; step <= recipe.steps(); step++) {
            if (listener.cancelled()) {
                throw new RunCancelledException(step - 1);
            }
            long began = System.nanoTime();
            StepResult result = step(decoder, feed, tape, workspace);
            double norm = AdamW.norm(gradients);
            if (!Double.isFinite(norm) || !Double.isFinite(result.loss)) {
                throw new IllegalStateException("step " + step + ": loss " + result.loss + ", gradient norm " + norm
                        + "; lower optimizer.learningRate or optimizer.clip");
            }
            float clip = (float) Math.min(1, recipe.optimizer().clip() / Math.max(norm, 1e-12));
            optimizer.step(parameters, gradients, step, schedule.at(step), clip);
            tokensTrained += result.tokens;
            Map<String, Double> metric = new LinkedHashMap<>();
            metric.put("loss", result.loss);
            metric.put("learningRate", (double) schedule.at(step));
            metric.put("gradientNorm", norm);
            metric.put("tokensPerSecond", result.tokens * 1e9 / (System.nanoTime() - began));
            boolean last = step == recipe.steps();
            if (evaluation != null && (last || step % recipe.evaluation().every() == 0)) {
                metric.put("evaluationLoss", evaluation.loss());
            }
            log.append(step, metric);
            listener.metric(step, metric);
            if (last || step % recipe.checkpoint().every() == 0) {
                checkpoints.save(new Checkpoints.State(step, feed.position(), fingerprint, tokensTrained), saved);
            }
        }
    }

    private record StepResult(double loss, long tokens) {}

    private StepResult step(Decoder decoder, Feed feed, Tape tape, Workspace workspace) {
        List<Packed> passes = new ArrayList<>();
        long tokens = 0;
        int targets = 0;
        while (tokens < recipe.batchTokens()) {
            Packed pass = feed.next();
            passes.add(pass);
            tokens += pass.batch().rows();
            targets += pass.targets().length;
        }
        tape.zeroGradients();
        double loss = 0;
        for (Packed pass : passes) {
            workspace.reset();
            Tensor logits = decoder.logits(tape, pass.batch(), pass.rows());
            loss += tape.backward(logits, pass.targets(), 1f / targets);
            tape.clear();
        }
        return new StepResult(loss / targets, tokens);
    }

    private AdamW.Settings settings() {
        TrainRecipe.Optimizer o = recipe.optimizer();
        return new AdamW.Settings(
                o.beta1().floatValue(),
                o.beta2().floatValue(),
                o.epsilon().floatValue(),
                o.weightDecay().floatValue());
    }

    private Feed feed(Encoder encoder) throws IOException {
        List<Feed.Source> sources = new ArrayList<>();
        for (int i = 0; i < datasets.size(); i++) {
            TokenStore store = open(datasets.get(i), encoder);
            Double weight = recipe.data().get(i).weight();
            sources.add(new Feed.Source(store, weight == null ? 1 : weight));
            uses.add(new Lineage.DatasetUse(store.name(), store.sha256(), store.records(), store.tokens()));
            listener.message(
                    "dataset " + store.name() + ": " + store.records() + " records, " + store.tokens() + " tokens");
        }
        Feed feed = Feed.examples(sources, recipe.sequence(), TooLong.refuse, recipe.microTokens(), recipe.seed());
        feed.notices().forEach(listener::message);
        return feed;
    }

    private Evaluation evaluation(Encoder encoder, Decoder decoder, Workspace workspace) throws IOException {
        if (recipe.evaluation() == null) {
            return null;
        }
        List<TokenStore> held = new ArrayList<>();
        for (TrainRecipe.Data data : recipe.evaluation().data()) {
            held.add(open(source(data), encoder));
        }
        return new Evaluation(
                decoder,
                workspace,
                new HeldOut(
                        held, recipe.evaluation().examples(), recipe.sequence(), TooLong.refuse, recipe.microTokens()));
    }

    /** A tokenizer of an earlier model, or one trained on this run's own texts, made once per run. */
    private Path tokenizerFolder() throws IOException {
        if (recipe.model().tokenizer() != null) {
            return catalog.model(recipe.model().tokenizer());
        }
        Path folder = work.resolve("tokenizer");
        if (!Files.exists(folder.resolve("tokenizer_config.json"))) {
            listener.message("trains a tokenizer");
            Iterable<String> texts = () -> datasets.stream()
                    .flatMap(source -> StreamSupport.stream(source.texts().spliterator(), false))
                    .iterator();
            Integer size = recipe.model().vocabulary();
            ModelWriter.writeTokenizer(folder, BpeTrainer.train(texts, size == null ? 4096 : size));
        }
        return folder;
    }

    private static int vocabulary(Path folder) throws IOException {
        return JSON.readTree(folder.resolve("tokenizer.json").toFile())
                .path("model")
                .path("vocab")
                .size();
    }

    private static ObjectNode scratchConfig(TrainRecipe.Scratch shape, int vocabulary) {
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add("Qwen3ForCausalLM");
        config.put("model_type", "qwen3");
        config.put("vocab_size", vocabulary);
        config.put("hidden_size", shape.hidden());
        config.put("intermediate_size", shape.intermediate());
        config.put("num_hidden_layers", shape.layers());
        config.put("num_attention_heads", shape.heads());
        config.put("num_key_value_heads", shape.kvHeads());
        config.put("head_dim", shape.headSize());
        config.put("max_position_embeddings", shape.context());
        config.put("hidden_act", "silu");
        config.put("rms_norm_eps", 1e-6);
        config.put("rope_theta", 10_000.0);
        config.put("tie_word_embeddings", true);
        config.put("attention_bias", false);
        config.putArray("eos_token_id").add(0).add(2);
        return config;
    }

    private static Map<String, Tensor> load(ModelFolder folder, DecoderConfig config, Arena arena) {
        Map<String, Tensor> stored = folder.weights(Arena.ofAuto());
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        DecoderWeights.of(folder.path(), config, stored);
        DecoderWeights.shapes(config)
                .keySet()
                .forEach(name -> parameters.put(name, Formats.toF32(stored.get(name), arena)));
        return parameters;
    }

    /** Normal weights of deviation 0.02, those that feed the residual stream smaller by √(2·layers) (GPT-2); norms 1. */
    private Map<String, Tensor> initial(DecoderConfig config, Arena arena) {
        SplittableRandom random = new SplittableRandom(recipe.seed());
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        DecoderWeights.shapes(config).forEach((name, shape) -> {
            Tensor tensor = Tensor.zeros(arena, shape);
            float[] values = new float[Math.toIntExact(tensor.size())];
            boolean residual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
            float deviation =
                    residual ? INITIAL_DEVIATION / (float) Math.sqrt(2.0 * config.layers()) : INITIAL_DEVIATION;
            for (int i = 0; i < values.length; i++) {
                values[i] = name.endsWith("norm.weight")
                        ? 1
                        : name.endsWith("bias") ? 0 : (float) (random.nextGaussian() * deviation);
            }
            tensor.copyFrom(values);
            parameters.put(name, tensor);
        });
        return parameters;
    }

    private String fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(Recipes.write(recipe).getBytes(StandardCharsets.UTF_8));
            for (Lineage.DatasetUse use : uses) {
                digest.update(use.sha256().getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    private Lineage write(Path target, Path start, Path text, ObjectNode config, Map<String, Tensor> parameters)
            throws IOException {
        listener.message("writes " + target.getFileName());
        List<Lineage.Parent> parents = start == null
                ? List.of()
                : List.of(new Lineage.Parent("start", Lineage.read(start, new ModelFolder(start).sha256())));
        Map<String, int[]> shapes = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        List<Lineage.Point> curve = log.curve(200);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("finalLoss", curve.getLast().loss());
        if (curve.getLast().evaluationLoss() != null) {
            metrics.put("evaluationLoss", curve.getLast().evaluationLoss());
        }
        metrics.put("tokens", (double) tokensTrained);
        metrics.put("parameters", (double)
                parameters.values().stream().mapToLong(Tensor::size).sum());
        return ModelWriter.write(
                target,
                config.deepCopy(),
                text,
                shapes,
                DType.valueOf(recipe.dtype()),
                parameters::get,
                new Lineage(
                        recipe.name(),
                        "train",
                        null,
                        Instant.now().toString(),
                        Recipes.write(recipe),
                        parents,
                        uses,
                        curve,
                        metrics));
    }
}
