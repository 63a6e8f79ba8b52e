package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.data.ExampleOrder;
import org.medley.training.data.Feed;
import org.medley.training.data.Piece;
import org.medley.training.data.TokenStore;
import org.medley.training.recipe.ReinforceSection;

/**
 * Group-relative policy optimization (Shao et al. 2024, eq. 3) with DAPO's refinements (Yu et al. 2025, sec. 3): answers
 * to one prompt are judged against each other; what a token's probability may gain is clipped later than what it may
 * lose; the mean goes over all tokens of a step; prompts whose answers are all judged alike teach nothing and are
 * replaced. Tokens that the engine drew with another probability than the trainer finds are weighted by the ratio, up to
 * a bound (truncated importance sampling).
 */
final class AnswerObjective implements Objective {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double LEAST_SPREAD = 1e-9;

    private final Student student;
    private final Network network;
    private final ReinforceSection settings;
    private final ExampleOrder order;
    private final Rollouts rollouts;
    private final Judges judges;
    private final List<TokenStore> heldOut;
    private final int heldOutMost;
    private final int microTokens;
    private final int workers;
    private final long seed;
    private final Deque<List<Judged>> pending = new ArrayDeque<>();
    private Map<String, Double> written = Map.of();

    /**
     * @param network the student's, tempered as its answers are drawn
     * @param heldOut prompts that are measured; empty for none
     * @param heldOutMost of each dataset
     */
    AnswerObjective(
            Student student,
            Network network,
            ReinforceSection settings,
            ExampleOrder order,
            Rollouts rollouts,
            Judges judges,
            List<TokenStore> heldOut,
            int heldOutMost,
            int microTokens,
            int workers,
            long seed) {
        this.student = student;
        this.network = network;
        this.settings = settings;
        this.order = order;
        this.rollouts = rollouts;
        this.judges = judges;
        this.heldOut = heldOut;
        this.heldOutMost = heldOutMost;
        this.microTokens = microTokens;
        this.workers = workers;
        this.seed = seed;
    }

    /**
     * An answer with its prompt.
     *
     * @param old log-probabilities of its tokens by the trainer when it was written; null if it is learned from only once
     */
    private record Judged(int[] prompt, Rollouts.Written answer, double advantage, float[] old) {}

    /**
     * Answers beside each other in a pass.
     *
     * @param rows whose results predict the learned tokens
     */
    private record Pass(List<Judged> answers, Batch batch, int[] rows, int[] targets) {}

    private List<Pass> passes(List<Judged> answers) {
        List<Pass> passes = new ArrayList<>();
        AnswerPacking packing = new AnswerPacking();
        List<Judged> chosen = new ArrayList<>();
        for (Judged answer : answers) {
            int[] own = answer.answer.tokens();
            if (!chosen.isEmpty() && packing.rows() + packing.rows(answer.prompt, own) > microTokens) {
                passes.add(pass(chosen, packing));
                packing = new AnswerPacking();
                chosen = new ArrayList<>();
            }
            packing.add(answer.prompt, own);
            chosen.add(answer);
        }
        if (!chosen.isEmpty()) {
            passes.add(pass(chosen, packing));
        }
        return passes;
    }

    private static Pass pass(List<Judged> answers, AnswerPacking packing) {
        return new Pass(answers, packing.batch(), packing.predicting(), packing.targets());
    }

    @Override
    public Outcome gather(int step) {
        if (pending.isEmpty()) {
            write(step);
        }
        List<Judged> answers = pending.isEmpty() ? List.of() : pending.removeFirst();
        List<Pass> passes = passes(answers);
        long learned = answers.stream().mapToLong(a -> a.answer.tokens().length).sum();
        Learned sums = new Learned();
        for (int i = 0; i < passes.size(); i++) {
            learn(passes.get(i), i % workers, (double) workers / learned, sums);
        }
        Map<String, Double> metrics = new LinkedHashMap<>(written);
        if (learned > 0) {
            metrics.put("clipped", (double) sums.clipped / learned);
            metrics.put("truncated", (double) sums.truncated / learned);
            metrics.put("logprobGap", sums.gap / learned);
            metrics.put("entropyBound", sums.surprise / learned);
        }
        long tokens = passes.stream().mapToLong(p -> p.batch.rows()).sum();
        List<Batch> batches = passes.stream().map(Pass::batch).toList();
        return new Outcome(learned == 0 ? 0 : sums.objective / learned, tokens, metrics, batches);
    }

    /** Sums over a step's learned tokens. */
    private static final class Learned {
        private double objective;
        private double surprise;
        private double gap;
        private long clipped;
        private long truncated;
    }

    /** @param scale what one token weighs in the gradient */
    private void learn(Pass pass, int worker, double scale, Learned sums) {
        Tensor hidden = student.hidden(worker, pass.batch);
        float[] losses = student.tape(worker).losses(network, hidden, pass.rows, pass.targets);
        float[] weights = new float[losses.length];
        int at = 0;
        for (Judged one : pass.answers) {
            double advantage = one.advantage;
            for (int i = 0; i < one.answer.tokens().length; i++, at++) {
                double now = -losses[at];
                double before = one.old == null ? now : one.old[i];
                double drawn = one.answer.logprobs()[i];
                double ratio = Math.exp(now - before);
                double bound = Math.clamp(ratio, 1 - settings.clipLow(), 1 + settings.clipHigh());
                boolean clipped = bound * advantage < ratio * advantage;
                double importance = Math.exp(before - drawn);
                boolean truncated = settings.truncate() > 0 && importance > settings.truncate();
                double correction = settings.truncate() == 0 ? 1 : Math.min(importance, settings.truncate());
                sums.objective -= Math.min(ratio * advantage, bound * advantage) * correction;
                sums.surprise -= now;
                sums.gap += Math.abs(before - drawn);
                sums.clipped += clipped ? 1 : 0;
                sums.truncated += truncated ? 1 : 0;
                weights[at] = clipped ? 0 : (float) (ratio * advantage * correction * scale);
            }
        }
        student.tape(worker).backward(network, hidden, pass.rows, pass.targets, weights);
    }

    /** Has answers written and judged, until enough prompts have some that differ. */
    private void write(int step) {
        rollouts.weightsChanged();
        List<List<Judged>> groups = new ArrayList<>();
        double reward = 0;
        double spread = 0;
        long tokens = 0;
        long ended = 0;
        long answers = 0;
        int asked = 0;
        for (int round = 0; round <= settings.refills() && groups.size() < settings.prompts(); round++) {
            int wanted = settings.prompts() - groups.size();
            List<Piece> pieces = new ArrayList<>();
            for (int i = 0; i < wanted; i++) {
                pieces.add(order.next().pieces().getFirst());
            }
            List<int[]> prompts =
                    pieces.stream().map(p -> p.store().tokens(p.example())).toList();
            long own = (seed * 31 + step) * 31 + round;
            List<List<Rollouts.Written>> texts =
                    rollouts.ask(prompts, settings.answers(), settings.answerTokens(), 1, own);
            for (int i = 0; i < wanted; i++) {
                Piece piece = pieces.get(i);
                List<Rollouts.Written> group = texts.get(i);
                double[] rewards = judges.judge(piece.store().original(piece.example()), group);
                double mean = Arrays.stream(rewards).average().orElseThrow();
                double deviation = Math.sqrt(Arrays.stream(rewards)
                        .map(r -> (r - mean) * (r - mean))
                        .average()
                        .orElseThrow());
                asked++;
                reward += mean;
                spread += deviation;
                for (Rollouts.Written one : group) {
                    tokens += one.tokens().length;
                    ended += one.ended() ? 1 : 0;
                    answers++;
                }
                if (deviation > LEAST_SPREAD) {
                    groups.add(judged(prompts.get(i), group, rewards, mean, deviation));
                }
            }
        }
        written = new LinkedHashMap<>();
        written.put("reward", reward / asked);
        written.put("rewardDeviation", spread / asked);
        written.put("answerTokens", (double) tokens / answers);
        written.put("ended", (double) ended / answers);
        written.put("groupsWithoutSpread", (double) asked - groups.size());
        share(groups);
    }

    private static List<Judged> judged(
            int[] prompt, List<Rollouts.Written> group, double[] rewards, double mean, double deviation) {
        List<Judged> judged = new ArrayList<>();
        for (int i = 0; i < rewards.length; i++) {
            judged.add(new Judged(prompt, group.get(i), (rewards[i] - mean) / deviation, null));
        }
        return judged;
    }

    /** Shares the groups among the updates that are made from them. */
    private void share(List<List<Judged>> groups) {
        int updates = Math.min(settings.updates(), groups.size());
        for (int u = 0; u < updates; u++) {
            List<Judged> share = new ArrayList<>();
            for (int g = u; g < groups.size(); g += updates) {
                share.addAll(groups.get(g));
            }
            pending.addLast(updates == 1 ? share : withOld(share));
        }
    }

    private List<Judged> withOld(List<Judged> answers) {
        List<Judged> known = new ArrayList<>();
        for (Pass pass : passes(answers)) {
            float[] losses = student.losses(network, pass.batch, pass.rows, pass.targets);
            int at = 0;
            for (Judged one : pass.answers) {
                float[] old = new float[one.answer.tokens().length];
                for (int i = 0; i < old.length; i++) {
                    old[i] = -losses[at++];
                }
                known.add(new Judged(one.prompt, one.answer, one.advantage, old));
            }
        }
        return known;
    }

    @Override
    public boolean settled() {
        return pending.isEmpty();
    }

    @Override
    public JsonNode position() {
        return JSON.valueToTree(order.position());
    }

    @Override
    public void seek(JsonNode position) {
        pending.clear();
        order.seek(JSON.convertValue(position, Feed.State.class));
    }

    /** The mean reward of the likeliest answers to held-out prompts. */
    @Override
    public Map<String, Double> evaluate() {
        List<int[]> prompts = new ArrayList<>();
        List<JsonNode> records = new ArrayList<>();
        for (TokenStore store : heldOut) {
            for (long i = 0; i < Math.min(heldOutMost, store.examples()); i++) {
                prompts.add(store.tokens(i));
                records.add(store.original(i));
            }
        }
        if (prompts.isEmpty()) {
            return Map.of();
        }
        rollouts.weightsChanged();
        List<List<Rollouts.Written>> answers = rollouts.ask(prompts, 1, settings.answerTokens(), 0, seed);
        double sum = 0;
        for (int i = 0; i < answers.size(); i++) {
            sum += judges.judge(records.get(i), answers.get(i))[0];
        }
        return Map.of("evaluationReward", sum / answers.size());
    }

    @Override
    public void close() {
        try (judges) {
            rollouts.close();
        }
    }
}
