package org.medley.runtime.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** What every implementation of {@link Ops} refuses, in the same words. */
public final class Shapes {
    private Shapes() {}

    public static void embedding(Tensor table, int[] ids) {
        for (int id : ids) {
            check(id >= 0 && id < table.rows(), () -> "token id " + id + " is outside " + table);
        }
    }

    public static void linear(Tensor x, Tensor weight, Tensor bias) {
        check(x.cols() == weight.cols(), () -> "linear: input " + x + " does not fit weight " + weight);
        check(
                bias == null || bias.size() == weight.rows(),
                () -> "linear: bias " + bias + " does not fit weight " + weight);
    }

    /** @param bias null for none */
    public static void norm(String op, Tensor x, Tensor weight, Tensor bias) {
        check(x.cols() % weight.cols() == 0, () -> op + ": input " + x + " is no multiple of weight " + weight);
        check(
                bias == null || bias.size() == weight.cols(),
                () -> op + ": bias " + bias + " does not fit weight " + weight);
    }

    public static void rope(Tensor x, int[] positions, RopeTable table) {
        check(
                x.cols() % table.headSize() == 0 && positions.length == x.rows(),
                () -> "rope: input " + x + " does not fit heads of " + table.headSize() + " and " + positions.length
                        + " positions");
        for (int position : positions) {
            check(
                    position >= 0 && position < table.positions(),
                    () -> "position " + position + " is outside the context of " + table.positions());
        }
    }

    public static void attention(Tensor q, Tensor k, Tensor v, Attention attention, Batch batch) {
        Ops.Heads heads = attention.heads();
        check(
                q.cols() == heads.count() * heads.size()
                        && k.cols() == heads.kv() * heads.size()
                        && Arrays.equals(k.shape(), v.shape())
                        && q.rows() == batch.rows()
                        && k.rows() == batch.rows(),
                () -> "attention: q " + q + ", k " + k + ", v " + v + " do not fit " + heads + " over " + batch.rows()
                        + " rows");
        check(
                attention.causal()
                        || batch.cache() == null && batch.spans().stream().allMatch(s -> s.past() == 0),
                () -> "attention over tokens past is causal");
    }

    public static void same(String op, Tensor a, Tensor b) {
        check(Arrays.equals(a.shape(), b.shape()), () -> op + ": " + a + " and " + b + " differ");
    }

    public static void rows(Tensor x, int[] rows) {
        for (int row : rows) {
            check(row >= 0 && row < x.rows(), () -> "row " + row + " is outside " + x);
        }
    }

    public static void means(Tensor x, List<Batch.Span> spans) {
        for (Batch.Span span : spans) {
            check(span.row() + span.rows() <= x.rows(), () -> "means: " + span + " is outside " + x);
        }
    }

    public static void mixture(Tensor x, Tensor router, List<Ops.Expert> experts, int top) {
        check(
                router.rows() == experts.size() && top >= 1 && top <= experts.size(),
                () -> "mixture: " + top + " of " + experts.size() + " experts, router " + router);
        linear(x, router, null);
    }

    /** @param otherwise what is wrong */
    public static void check(boolean holds, Supplier<String> otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise.get());
        }
    }

    public static void columns(Tensor x, Tensor factors, Tensor bias) {
        check(
                factors.size() == x.cols() && (bias == null || bias.size() == x.cols()),
                () -> "columns: input " + x + ", factors " + factors + ", bias " + bias);
    }
}
