package org.medley.runtime.tensor.cuda;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;

/** Attention of a pass whose integers were brought over: new keys and values are stored, then each part is attended. */
final class CudaAttention {
    private final Launcher launcher;
    private final DeviceWorkspace workspace;
    private final PassInputs inputs;
    private final boolean rounded;

    /** @param rounded whether keys and values of whole sequences may be multiplied as BF16 */
    CudaAttention(Launcher launcher, DeviceWorkspace workspace, PassInputs inputs, boolean rounded) {
        this.launcher = launcher;
        this.workspace = workspace;
        this.inputs = inputs;
        this.rounded = rounded;
    }

    /** @param cache null if the rows are whole sequences */
    Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, CudaKvCache cache) {
        Ops.Heads heads = attention.heads();
        if (cache != null) {
            launcher.none().put(k.address()).put(v.address()).put(inputs.slots());
            cache.put(launcher.arguments().put(heads.kv()).put(heads.size()), layer);
            launcher.launch("append", "append_" + cache.format(), Grid.rows(k.rows(), k.cols()));
        }
        AttentionPlan plan = AttentionPlan.of(
                heads,
                cache == null ? rounded : cache.rounded(),
                inputs.decodeCount(),
                inputs.tileCount(),
                inputs.tablePages(),
                launcher.gpu().properties().processors());
        Tensor out = workspace.tensor(q.rows(), q.cols());
        if (plan.decode() != null) {
            decode(plan, q, attention, layer, cache, out);
        }
        if (plan.prefill() != null) {
            prefill(plan, q, k, v, attention, layer, cache, out);
        }
        return out;
    }

    private void decode(AttentionPlan plan, Tensor q, Attention attention, int layer, CudaKvCache cache, Tensor out) {
        Ops.Heads heads = attention.heads();
        int decodes = inputs.decodeCount();
        long partial = workspace.allocate(plan.partialBytes(heads, decodes));
        launcher.none().put(q.address()).put(inputs.decodes()).put(inputs.tables());
        cache.put(launcher.arguments(), layer).put(heads.count()).put(heads.count() / heads.kv());
        shape(heads.size(), attention).put(plan.splits()).put(out.address()).put(partial);
        launcher.launch("attention_decode", plan.decodeKernel(cache.format()), plan.decode());
        if (plan.splits() > 1) {
            launcher.none().put(partial).put(inputs.decodes()).put(heads.count());
            launcher.arguments().put(heads.size()).put(plan.splits()).put(out.address());
            launcher.launch("attention_decode", "merge_splits", new Grid(heads.count(), decodes, 1, 128, 0));
        }
    }

    private void prefill(
            AttentionPlan plan,
            Tensor q,
            Tensor k,
            Tensor v,
            Attention attention,
            int layer,
            CudaKvCache cache,
            Tensor out) {
        Ops.Heads heads = attention.heads();
        Arguments arguments =
                launcher.none().put(q.address()).put(inputs.tiles()).put(inputs.tables());
        if (cache == null) {
            // The rows themselves are the pages: their tables hold rows, which are the width apart.
            arguments.put(k.address()).put(v.address()).put(4L * k.cols());
            arguments.put(4L * heads.size()).put(4 * k.cols());
        } else {
            cache.put(arguments, layer);
        }
        arguments.put(heads.count()).put(heads.count() / heads.kv());
        if (plan.together() > 0) {
            arguments.put(plan.together());
        }
        shape(heads.size(), attention).put(attention.causal() ? 1 : 0).put(out.address());
        String format = cache == null ? "f32" : cache.format();
        launcher.launch(plan.prefillFile(), plan.prefillKernel(format), plan.prefill());
    }

    private Arguments shape(int size, Attention attention) {
        return launcher.arguments()
                .put(size)
                .put(attention.scale())
                .put(attention.window())
                .put(attention.softCap());
    }
}
