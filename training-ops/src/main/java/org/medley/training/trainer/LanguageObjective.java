package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.data.Feed;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Packed;

/** Predicting the next token: the mean loss of a step's learned tokens. */
final class LanguageObjective implements Objective {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Student student;
    private final Feed feed;
    private final HeldOut heldOut;
    private final int batchTokens;
    private final int workers;

    /** @param heldOut what is measured; null for nothing */
    LanguageObjective(Student student, Feed feed, HeldOut heldOut, int batchTokens, int workers) {
        this.student = student;
        this.feed = feed;
        this.heldOut = heldOut;
        this.batchTokens = batchTokens;
        this.workers = workers;
    }

    @Override
    public Outcome gather(int step) {
        List<Packed> passes = new ArrayList<>();
        long tokens = 0;
        long targets = 0;
        while (tokens < batchTokens || passes.size() < workers) {
            Packed pass = feed.next();
            passes.add(pass);
            tokens += pass.batch().rows();
            targets += pass.targets().length;
        }
        // Workers' gradients are averaged, not summed.
        float weight = (float) workers / targets;
        float[][] losses = new float[passes.size()][];
        student.share(passes.size(), (worker, i) -> losses[i] = learn(worker, passes.get(i), weight));
        double loss = 0;
        for (float[] own : losses) {
            for (float one : own) {
                loss += one;
            }
        }
        List<Batch> batches = passes.stream().map(Packed::batch).toList();
        return new Outcome(loss / targets, tokens, Map.of(), batches);
    }

    /** @return −log p of each target of a pass */
    private float[] learn(int worker, Packed pass, float weight) {
        Tensor hidden = student.hidden(worker, pass.batch());
        float[] weights = new float[pass.targets().length];
        Arrays.fill(weights, weight);
        return student.tape(worker).backward(student.network(), hidden, pass.rows(), pass.targets(), weights);
    }

    @Override
    public JsonNode position() {
        return JSON.valueToTree(feed.position());
    }

    @Override
    public void seek(JsonNode position) {
        feed.seek(JSON.convertValue(position, Feed.State.class));
    }

    @Override
    public Map<String, Double> evaluate() {
        if (heldOut == null) {
            return Map.of();
        }
        return Map.of(
                "evaluationLoss",
                Evaluation.loss(
                        heldOut, pass -> student.losses(student.network(), pass.batch(), pass.rows(), pass.targets())));
    }
}
