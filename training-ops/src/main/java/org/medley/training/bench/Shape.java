package org.medley.training.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.Batch;
import org.medley.training.data.Packed;

/** A Llama-shaped decoder with tied embeddings, and the steps it is trained by. */
public record Shape(
        int vocabulary,
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int kvHeads,
        int headSize,
        int sequence,
        int sequences) {

    /** Ten million weights, and 4,096 tokens a step. */
    public static final Shape TEN_MILLION = new Shape(4096, 384, 896, 6, 6, 2, 64, 512, 8);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double ROPE_BASE = 10_000;
    private static final double EPSILON = 1e-5;
    /** How often the token after another is its usual one. */
    private static final double HABIT = 0.6;

    public int tokens() {
        return sequence * sequences;
    }

    public double ropeBase() {
        return ROPE_BASE;
    }

    public double epsilon() {
        return EPSILON;
    }

    /** Weights, those of the tied embedding once. */
    public long weights() {
        long attention = 2L * hidden * headSize * (heads + kvHeads);
        return (long) vocabulary * hidden
                + layers * (attention + 3L * hidden * intermediate + 2L * hidden)
                + (long) hidden;
    }

    /** Floating-point operations that training takes per token: 6·N + 6·L·C·T, as llm.c counts them. */
    public double operationsPerToken() {
        return 6.0 * weights() + 6.0 * layers * heads * headSize * sequence;
    }

    /** In the form of a checkpoint's config.json. */
    ObjectNode config() {
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add("LlamaForCausalLM");
        return config.put("vocab_size", vocabulary)
                .put("hidden_size", hidden)
                .put("intermediate_size", intermediate)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", heads)
                .put("num_key_value_heads", kvHeads)
                .put("head_dim", headSize)
                .put("max_position_embeddings", sequence)
                .put("rms_norm_eps", EPSILON)
                .put("rope_theta", ROPE_BASE)
                .put("tie_word_embeddings", true)
                .put("eos_token_id", 0);
    }

    /** One step's sequences: tokens that often follow from the one before, so that there is something to learn. */
    Packed data(SplittableRandom random) {
        int[] tokens = new int[tokens()];
        int[] targets = new int[tokens()];
        int[] rows = new int[tokens()];
        List<Batch.Span> spans = new ArrayList<>();
        for (int s = 0; s < sequences; s++) {
            spans.add(new Batch.Span(s * sequence, sequence));
            int token = random.nextInt(vocabulary);
            for (int i = 0; i < sequence; i++) {
                int row = s * sequence + i;
                int usual = (int) ((token * 2_654_435_761L >>> 7) % vocabulary);
                rows[row] = row;
                tokens[row] = token;
                token = random.nextDouble() < HABIT ? usual : random.nextInt(vocabulary);
                targets[row] = token;
            }
        }
        return new Packed(Batch.of(tokens, spans, null), rows, targets);
    }
}
