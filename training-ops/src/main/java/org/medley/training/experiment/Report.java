package org.medley.training.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.medley.training.recipe.BadRecipeException;

/** What came of an experiment, as a Markdown table: each variant's mean over seeds, and its paired difference. */
final class Report {
    private static final int LAST = 10;
    private static final List<String> USUAL = List.of("loss", "evaluationLoss");

    private Report() {}

    /**
     * The figures to compare.
     *
     * @param asked null for those that are usual, as far as they were measured
     * @throws BadRecipeException if one was measured in no run
     */
    static List<String> metrics(Map<String, List<List<JsonNode>>> results, List<String> asked) {
        Set<String> measured = new TreeSet<>();
        results.values()
                .forEach(runs -> runs.forEach(
                        run -> run.forEach(step -> step.fieldNames().forEachRemaining(measured::add))));
        measured.remove("step");
        if (asked == null) {
            return USUAL.stream().filter(measured::contains).toList();
        }
        for (String metric : asked) {
            if (!measured.contains(metric)) {
                throw new BadRecipeException(
                        "--metric: no run has '" + metric + "'; possible: " + String.join(", ", measured));
            }
        }
        return asked;
    }

    /** @param results as {@link ExperimentRun#run} gives them */
    static String table(Map<String, List<List<JsonNode>>> results, List<String> metrics) {
        StringBuilder table = new StringBuilder("| variant |");
        StringBuilder rule = new StringBuilder("| --- |");
        List<List<JsonNode>> first = results.values().iterator().next();
        for (String metric : metrics) {
            if (before(first, metric)) {
                table.append(' ').append(metric).append(" before |");
                rule.append(" ---: |");
            }
            table.append(' ').append(metric).append(" | difference to the first |");
            rule.append(" ---: | ---: |");
        }
        table.append(" tokens/s |\n").append(rule).append(" ---: |\n");
        results.forEach((variant, runs) -> {
            table.append("| ").append(variant).append(" |");
            for (String metric : metrics) {
                if (before(first, metric)) {
                    double[] starts = runs.stream()
                            .mapToDouble(run -> run.getFirst().path(metric).asDouble())
                            .toArray();
                    table.append(' ').append(spread(starts, "%.4f")).append(" |");
                }
                double[] values =
                        runs.stream().mapToDouble(run -> end(run, metric)).toArray();
                double[] differences = new double[values.length];
                for (int i = 0; i < values.length; i++) {
                    differences[i] = values[i] - end(first.get(i), metric);
                }
                table.append(' ').append(spread(values, "%.4f")).append(" |");
                table.append(runs == first ? " |" : " " + spread(differences, "%+.4f") + " |");
            }
            double[] rates = runs.stream()
                    .mapToDouble(run -> mean(run, "tokensPerSecond", run.size()))
                    .toArray();
            table.append(String.format(Locale.ROOT, " %.0f |%n", mean(rates)));
        });
        return table.toString();
    }

    /** @param plans bytes by what they are for, of each variant */
    static String memory(Map<String, Map<String, Long>> plans) {
        StringBuilder table =
                new StringBuilder("| variant | optimizer, MB | weights, MB | gradients, MB | activations, MB |\n");
        table.append("| --- | ---: | ---: | ---: | ---: |\n");
        plans.forEach((variant, plan) -> table.append(String.format(
                Locale.ROOT,
                "| %s | %.2f | %.2f | %.2f | %.2f |%n",
                variant,
                megabytes(plan, "optimizer"),
                megabytes(plan, "weights") + megabytes(plan, "master"),
                megabytes(plan, "gradients"),
                megabytes(plan, "activations"))));
        return table.toString();
    }

    private static double megabytes(Map<String, Long> plan, String kind) {
        return plan.entrySet().stream()
                        .filter(part -> part.getKey().startsWith(kind))
                        .mapToLong(Map.Entry::getValue)
                        .sum()
                / 1e6;
    }

    /** Whether it was measured before the first step. */
    private static boolean before(List<List<JsonNode>> runs, String metric) {
        return runs.stream()
                .allMatch(run -> run.getFirst().path("step").asInt() == 0
                        && run.getFirst().has(metric));
    }

    /** The last measured value; of what is measured each step, the mean of the last ten. */
    private static double end(List<JsonNode> run, String metric) {
        boolean every = run.getLast().has(metric) && run.get(run.size() - 2).has(metric);
        return mean(run, metric, every ? LAST : 1);
    }

    private static double mean(List<JsonNode> run, String metric, int last) {
        OptionalDouble mean = run.stream()
                .filter(step -> step.has(metric))
                .skip(Math.max(0, run.stream().filter(step -> step.has(metric)).count() - last))
                .mapToDouble(step -> step.get(metric).asDouble())
                .average();
        return mean.orElse(Double.NaN);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** Mean and standard deviation over seeds. */
    private static String spread(double[] values, String format) {
        double mean = mean(values);
        double square = 0;
        for (double value : values) {
            square += (value - mean) * (value - mean);
        }
        String text = String.format(Locale.ROOT, format, mean);
        return values.length < 2
                ? text
                : text + String.format(Locale.ROOT, " ± %.4f", Math.sqrt(square / (values.length - 1)));
    }
}
