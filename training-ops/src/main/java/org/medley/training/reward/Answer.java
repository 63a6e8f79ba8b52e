package org.medley.training.reward;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * An answer to be judged.
 *
 * @param prompt the dataset's record, with whatever it holds beside the messages
 * @param text of the answer
 * @param ended whether the model ended it itself
 */
public record Answer(JsonNode prompt, String text, boolean ended) {}
