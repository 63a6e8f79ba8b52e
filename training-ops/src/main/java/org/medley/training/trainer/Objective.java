package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Batch;

/** What a run makes a model better at: where a step's passes come from, and what their loss is. */
interface Objective extends AutoCloseable {
    /**
     * What a step gave.
     *
     * @param loss the mean that is minimized
     * @param tokens that went through the model
     * @param metrics further figures of the step, by name
     * @param batches the step's passes, to look for a value that is not finite
     */
    record Outcome(double loss, long tokens, Map<String, Double> metrics, List<Batch> batches) {}

    /**
     * Gathers the gradients of a step, counted from 1, in the student.
     *
     * @return with no tokens if there is nothing to learn from in this step
     */
    Outcome gather(int step) throws IOException;

    /** Whether the run could go on from here by {@link #position} alone. */
    default boolean settled() {
        return true;
    }

    /** Where the next step's data is. */
    JsonNode position();

    void seek(JsonNode position);

    /** What of the held-out data is measured, by the names of metrics: {@code evaluationLoss} or {@code evaluationReward}. */
    Map<String, Double> evaluate() throws IOException;

    @Override
    default void close() throws IOException {}
}
