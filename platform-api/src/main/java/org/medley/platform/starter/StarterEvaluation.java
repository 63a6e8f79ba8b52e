package org.medley.platform.starter;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.medley.platform.knowledge.Knowledge;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.data.Encoder;
import org.medley.training.data.Format;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Progress;
import org.medley.training.data.Source;
import org.medley.training.data.TokenStore;
import org.medley.training.data.TooLong;
import org.medley.training.trainer.Evaluation;

/**
 * Measures a model on a set of cases: whether the drawn condition is the first, or among the first three, that its
 * greedy answer names, whether it names one twice in its first sentence, and the perplexity of the reference answers.
 */
final class StarterEvaluation {
    private static final int CONTEXT = 1024;
    private static final int MICRO_TOKENS = 4096;
    /** The first sentence names the conditions; it is never longer than this. */
    private static final int SENTENCE_TOKENS = 80;

    private static final SamplingParams FIRST_SENTENCE = SamplingParams.builder()
            .maxTokens(SENTENCE_TOKENS)
            .stop(List.of("."))
            .build();

    private final NamedConditions names;

    StarterEvaluation(Knowledge knowledge) {
        this.names = new NamedConditions(knowledge);
    }

    /** @param engineTop1 share of cases whose drawn condition the computed ranking puts first: what copying it can reach */
    record Scores(int cases, double top1, double top3, double repeated, double perplexity, double engineTop1) {
        static Scores mean(List<Scores> parts) {
            int cases = parts.stream().mapToInt(Scores::cases).sum();
            return new Scores(
                    cases,
                    parts.stream().mapToDouble(s -> s.top1 * s.cases).sum() / cases,
                    parts.stream().mapToDouble(s -> s.top3 * s.cases).sum() / cases,
                    parts.stream().mapToDouble(s -> s.repeated * s.cases).sum() / cases,
                    Math.exp(parts.stream()
                                    .mapToDouble(s -> Math.log(s.perplexity) * s.cases)
                                    .sum()
                            / cases),
                    parts.stream().mapToDouble(s -> s.engineTop1 * s.cases).sum() / cases);
        }
    }

    Scores measure(Path model, Path file, int limit) throws Exception {
        Source dataset = Source.of(file.getFileName().toString(), file, Format.chat);
        List<JsonNode> cases = dataset.head(limit);
        double[] hits = hits(model, cases);
        long engineTop = cases.stream()
                .filter(c ->
                        c.get("condition").asText().equals(c.get("engineTop").asText()))
                .count();
        return new Scores(
                cases.size(),
                hits[0] / cases.size(),
                hits[1] / cases.size(),
                hits[2] / cases.size(),
                perplexity(model, dataset, limit),
                (double) engineTop / cases.size());
    }

    private double[] hits(Path model, List<JsonNode> cases) throws Exception {
        try (Engine engine = new Engine(
                "evaluated",
                new ModelFolder(model),
                EngineOptions.DEFAULT
                        .withContext(CONTEXT)
                        .withFormat(DType.F32)
                        .withLimits(new EngineOptions.Limits(16, 4096, 4096)),
                EngineObserver.NONE)) {
            List<CompletableFuture<Engine.Completion>> answers = new ArrayList<>();
            for (JsonNode one : cases) {
                JsonNode messages = one.get("messages");
                List<ChatTemplate.Message> turns = List.of(
                        new ChatTemplate.Message(
                                "system", messages.get(0).get("content").asText()),
                        new ChatTemplate.Message(
                                "user", messages.get(1).get("content").asText()));
                int[] prompt = engine.tokenizer().encode(engine.template().render(turns, true));
                answers.add(engine.complete(prompt, FIRST_SENTENCE));
            }
            double[] hits = new double[3];
            for (int i = 0; i < answers.size(); i++) {
                String sentence = answers.get(i).get().text();
                List<String> named = names.in(sentence);
                int place = named.indexOf(cases.get(i).get("condition").asText());
                hits[0] += place == 0 ? 1 : 0;
                hits[1] += place >= 0 && place < 3 ? 1 : 0;
                hits[2] += names.repeats(sentence) ? 1 : 0;
            }
            return hits;
        }
    }

    private static double perplexity(Path model, Source dataset, int limit) throws IOException {
        ModelFolder folder = new ModelFolder(model);
        Path cache = Files.createTempDirectory("tokens");
        try (Arena arena = Arena.ofShared();
                Tokenizer tokenizer = new Tokenizer(folder.tokenizer())) {
            Decoder decoder = DecoderLoader.load(folder, arena, CONTEXT, DType.F32);
            int end = tokenizer.encode("<|endoftext|>")[0];
            Encoder encoder =
                    Encoder.of(folder, tokenizer, end, decoder.config().vocabulary());
            try (TokenStore store = TokenStore.open(dataset, encoder, cache, Progress.NONE)) {
                HeldOut cases = new HeldOut(List.of(store), limit, CONTEXT, TooLong.refuse, MICRO_TOKENS);
                return Math.exp(Evaluation.loss(decoder, cases));
            }
        } finally {
            try (Stream<Path> files = Files.walk(cache)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
