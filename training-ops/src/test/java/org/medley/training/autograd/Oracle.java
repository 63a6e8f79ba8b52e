package org.medley.training.autograd;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;

/** Every op forward in double precision, as its definition says and as slowly as that is. */
final class Oracle {
    private Oracle() {}

    static double[][] pick(double[][] x, int[] rows) {
        return IntStream.of(rows).mapToObj(r -> x[r].clone()).toArray(double[][]::new);
    }

    static double[][] linear(double[][] x, double[][] w, double[] bias) {
        double[][] y = new double[x.length][w.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < w.length; j++) {
                double sum = bias == null ? 0 : bias[j];
                for (int k = 0; k < w[j].length; k++) {
                    sum += x[i][k] * w[j][k];
                }
                y[i][j] = sum;
            }
        }
        return y;
    }

    static double[][] norm(double[][] x, double[] w, double[] bias, double epsilon, boolean centred) {
        int width = w.length;
        double[][] y = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int g = 0; g < x[i].length; g += width) {
                double mean = 0;
                for (int k = 0; centred && k < width; k++) {
                    mean += x[i][g + k] / width;
                }
                double square = 0;
                for (int k = 0; k < width; k++) {
                    square += (x[i][g + k] - mean) * (x[i][g + k] - mean) / width;
                }
                for (int k = 0; k < width; k++) {
                    double n = (x[i][g + k] - mean) / Math.sqrt(square + epsilon) * w[k];
                    y[i][g + k] = n + (bias == null ? 0 : bias[k]);
                }
            }
        }
        return y;
    }

    static double[][] rope(double[][] x, int[] positions, RopeTable table) {
        int half = table.pairs();
        double[][] y = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i].clone();
            for (int head = 0; head < x[i].length; head += table.headSize()) {
                for (int p = 0; p < half; p++) {
                    double cos = table.cos(positions[i], p);
                    double sin = table.sin(positions[i], p);
                    double a = x[i][head + p];
                    double b = x[i][head + p + half];
                    y[i][head + p] = a * cos - b * sin;
                    y[i][head + p + half] = b * cos + a * sin;
                }
            }
        }
        return y;
    }

    static double[][] attention(double[][] q, double[][] k, double[][] v, Attention attention, List<Batch.Span> spans) {
        int size = attention.heads().size();
        int group = attention.heads().count() / attention.heads().kv();
        double[][] y = new double[q.length][q[0].length];
        for (Batch.Span span : spans) {
            for (int head = 0; head < attention.heads().count(); head++) {
                int own = head * size;
                int shared = head / group * size;
                for (int i = 0; i < span.rows(); i++) {
                    double[] p = new double[span.rows()];
                    double sum = 0;
                    for (int j = 0; j < span.rows(); j++) {
                        boolean seen = attention.causal()
                                ? j <= i && (attention.window() == 0 || i - j < attention.window())
                                : attention.window() == 0 || Math.abs(i - j) < attention.window();
                        double score = 0;
                        for (int d = 0; d < size; d++) {
                            score += q[span.row() + i][own + d] * k[span.row() + j][shared + d];
                        }
                        score *= attention.scale();
                        if (attention.softCap() > 0) {
                            score = attention.softCap() * Math.tanh(score / attention.softCap());
                        }
                        p[j] = seen ? Math.exp(score) : 0;
                        sum += p[j];
                    }
                    for (int j = 0; j < span.rows(); j++) {
                        for (int d = 0; d < size; d++) {
                            y[span.row() + i][own + d] += p[j] / sum * v[span.row() + j][shared + d];
                        }
                    }
                }
            }
        }
        return y;
    }

    static double[][] map(double[][] x, DoubleUnaryOperator f) {
        double[][] y = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            y[i] = java.util.Arrays.stream(x[i]).map(f).toArray();
        }
        return y;
    }

    static double[][] columns(double[][] x, double[] factors, double[] bias) {
        double[][] y = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                y[i][j] = x[i][j] * factors[j] + bias[j];
            }
        }
        return y;
    }

    static double[][] times(double[][] a, double[][] b) {
        double[][] y = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                y[i][j] = a[i][j] * b[i][j];
            }
        }
        return y;
    }

    static double[][] plus(double[][] a, double[][] b) {
        double[][] y = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                y[i][j] = a[i][j] + b[i][j];
            }
        }
        return y;
    }

    static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    static double gelu(Gelu form, double x) {
        if (form == Gelu.TANH) {
            return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        }
        // The normal distribution by Simpson's rule: the density is smooth, and 2,000 pieces are plenty.
        int pieces = 2_000;
        double h = x / pieces;
        double sum = density(0) + density(x);
        for (int i = 1; i < pieces; i++) {
            sum += (i % 2 == 0 ? 2 : 4) * density(i * h);
        }
        return x * (0.5 + sum * h / 3);
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    static double[][] means(double[][] x, List<Batch.Span> spans) {
        double[][] y = new double[spans.size()][x[0].length];
        for (int s = 0; s < y.length; s++) {
            for (int i = 0; i < spans.get(s).rows(); i++) {
                for (int j = 0; j < x[0].length; j++) {
                    y[s][j] += x[spans.get(s).row() + i][j] / spans.get(s).rows();
                }
            }
        }
        return y;
    }

    /** @param experts gate, up and down of each */
    static double[][] mixture(
            double[][] x, double[][] router, List<double[][][]> experts, int top, boolean normalized) {
        double[][] scores = linear(x, router, null);
        double[][] y = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            double[] s = scores[i];
            int[] best = IntStream.range(0, s.length)
                    .boxed()
                    .sorted((a, b) -> Double.compare(s[b], s[a]))
                    .limit(top)
                    .mapToInt(Integer::intValue)
                    .toArray();
            double sum = 0;
            for (int e : normalized ? best : IntStream.range(0, s.length).toArray()) {
                sum += Math.exp(s[e]);
            }
            double[][] row = {x[i]};
            for (int e : best) {
                double[][][] w = experts.get(e);
                double[][] gated = times(map(linear(row, w[0], null), Oracle::silu), linear(row, w[1], null));
                double[] out = linear(gated, w[2], null)[0];
                for (int j = 0; j < out.length; j++) {
                    y[i][j] += Math.exp(s[e]) / sum * out[j];
                }
            }
        }
        return y;
    }

    /** Σ weight · −log softmax(logits)[target]. */
    static double loss(double[][] logits, int[] targets, float[] weights) {
        double loss = 0;
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (double logit : logits[i]) {
                sum += Math.exp(logit);
            }
            loss += weights[i] * (Math.log(sum) - logits[i][targets[i]]);
        }
        return loss;
    }
}
