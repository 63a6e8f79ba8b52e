package org.medley.runtime.network;

/**
 * What a family calls the tensors of a layer's MLPs.
 *
 * @param router null where there is one MLP
 * @param count MLPs of a layer
 */
record MlpNames(String router, int count, String prefix, String gateStem, String upStem, String downStem) {
    static MlpNames of(DecoderConfig config) {
        if (config.mixture() == null) {
            return new MlpNames(null, 1, "mlp.", "gate_proj", "up_proj", "down_proj");
        }
        int experts = config.mixture().experts();
        return config.architecture().equals("MixtralForCausalLM")
                ? new MlpNames("block_sparse_moe.gate.weight", experts, "block_sparse_moe.experts.", "w1", "w3", "w2")
                : new MlpNames("mlp.gate.weight", experts, "mlp.experts.", "gate_proj", "up_proj", "down_proj");
    }

    String gate(int expert) {
        return name(expert, gateStem);
    }

    String up(int expert) {
        return name(expert, upStem);
    }

    String down(int expert) {
        return name(expert, downStem);
    }

    private String name(int expert, String stem) {
        return prefix + (router == null ? "" : expert + ".") + stem + ".weight";
    }
}
