package org.medley.runtime.quantize;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleConsumer;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/**
 * How surprised a model is by a text: e to the mean negative log-likelihood of its tokens. The text is cut into windows;
 * of each the second half is scored, so that every scored token has at least half a window before it.
 */
public final class Perplexity {
    private Perplexity() {}

    /** @param tokens that were scored */
    public record Result(double perplexity, int tokens) {}

    /**
     * @param window tokens of a window, at least 4
     * @param progress hears the fraction done
     * @throws IllegalArgumentException if the text is shorter than a window
     */
    public static Result of(Network network, int[] text, int window, DoubleConsumer progress) {
        if (window < 4 || text.length < window) {
            throw new IllegalArgumentException("a text of " + text.length + " tokens has no window of " + window
                    + "; give a longer text, or windows of at least 4 and at most its length");
        }
        Ops.Heads heads = network.shape().heads();
        int pages = Math.ceilDiv(window, KvPool.PAGE);
        int windows = text.length / window;
        double sum = 0;
        int scored = 0;
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace();
                KvPool cache = new KvPool(pages, network.shape().layers(), heads.kv(), heads.size(), DType.F32)) {
            CpuOps ops = new CpuOps(workspace, CpuWeights.of(network.matrices().values(), arena));
            int[] all = new int[pages];
            Arrays.setAll(all, i -> i);
            int half = window / 2;
            int[] rows = new int[window - half - 1];
            Arrays.setAll(rows, i -> half + i);
            for (int i = 0; i < windows; i++) {
                workspace.reset();
                int[] tokens = Arrays.copyOfRange(text, i * window, (i + 1) * window);
                Batch batch = Batch.of(tokens, List.of(new Batch.Span(0, window, 0, all, null)), cache);
                Tensor logits = network.logits(ops, batch, rows);
                for (int row = 0; row < rows.length; row++) {
                    sum += loss(logits.slice(row, 1).toArray(), tokens[rows[row] + 1]);
                }
                scored += rows.length;
                progress.accept((i + 1.0) / windows);
            }
        }
        return new Result(Math.exp(sum / scored), scored);
    }

    private static double loss(float[] logits, int token) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum) - logits[token];
    }
}
