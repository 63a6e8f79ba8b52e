package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * What is trained.
 *
 * @param from name or folder of the model to start from; excludes scratch
 * @param scratch shape of a new model
 * @param tokenizer name or folder of the model whose tokenizer a new model takes; absent: one is trained on the data
 * @param vocabulary size of a tokenizer trained on the data; default 4096
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelSection(String from, Scratch scratch, String tokenizer, Integer vocabulary) {
    /** A family whose networks can be begun anew. */
    public enum Family {
        llama,
        mistral,
        mixtral,
        qwen2,
        qwen3,
        qwen3_moe,
        gemma2,
        gemma3
    }

    /**
     * @param family default qwen3
     * @param hidden width of the stream
     * @param headSize default hidden / heads
     * @param context longest sequence
     * @param experts of a mixture; mixtral and qwen3_moe need it, others have none
     * @param expertsPerToken default 2
     * @param tied whether the output head is the embedding; default true
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Scratch(
            Family family,
            Integer hidden,
            Integer layers,
            Integer heads,
            Integer kvHeads,
            Integer headSize,
            Integer intermediate,
            Integer context,
            Integer experts,
            Integer expertsPerToken,
            Boolean tied) {

        private Scratch completed(Checks checks) {
            String at = "model.scratch.";
            Family kind = family == null ? Family.qwen3 : family;
            boolean mixed = kind == Family.mixtral || kind == Family.qwen3_moe;
            int width = checks.range(at + "hidden", hidden, null, 8, 65_536);
            int count = checks.range(at + "heads", heads, null, 1, 1_024);
            int size = checks.range(at + "headSize", headSize, Math.max(2, width / count), 2, 1_024);
            int kv = checks.range(at + "kvHeads", kvHeads, count, 1, 1_024);
            checks.that(count % kv == 0, at + "kvHeads", "is " + kv + "; it must divide the " + count + " heads");
            checks.that(size % 2 == 0, at + "headSize", "is " + size + "; it must be even");
            if (!mixed) {
                checks.unused(experts, at + "experts", "by family " + kind);
                checks.unused(expertsPerToken, at + "expertsPerToken", "by family " + kind);
            }
            boolean gemma = kind == Family.gemma2 || kind == Family.gemma3;
            checks.that(!gemma || !Boolean.FALSE.equals(tied), at + "tied", "is false; family " + kind + " is tied");
            Integer all = mixed ? (Integer) checks.range(at + "experts", experts, null, 2, 1_024) : null;
            return new Scratch(
                    kind,
                    width,
                    checks.range(at + "layers", layers, null, 1, 1_000),
                    count,
                    kv,
                    size,
                    checks.range(at + "intermediate", intermediate, null, 8, 1 << 20),
                    checks.range(at + "context", context, null, 8, 1 << 20),
                    all,
                    mixed ? (Integer) checks.range(at + "expertsPerToken", expertsPerToken, 2, 1, all) : null,
                    tied == null || tied);
        }
    }

    ModelSection completed(Checks checks) {
        checks.that(
                (from == null) != (scratch == null),
                "model",
                "needs exactly one of 'from' (a model to start from) and 'scratch' (the shape of a new one)");
        if (from != null) {
            checks.given("model.from", from, "the name or folder of a model");
            checks.that(
                    tokenizer == null && vocabulary == null,
                    "model",
                    "with 'from' brings its own tokenizer; remove 'tokenizer' and 'vocabulary'");
            return this;
        }
        checks.that(
                tokenizer == null || vocabulary == null,
                "model",
                "takes a tokenizer as it is; remove 'vocabulary', or 'tokenizer' to have one trained");
        Integer size =
                tokenizer != null ? null : (Integer) checks.range("model.vocabulary", vocabulary, 4096, 300, 1 << 20);
        return new ModelSection(null, scratch.completed(checks), tokenizer, size);
    }
}
