package org.medley.training.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The curves of an experiment as an SVG picture: a metric over the steps, each variant's mean over its seeds. */
final class Chart {
    private static final int WIDTH = 800;
    private static final int HEIGHT = 420;
    private static final int LEFT = 60;
    private static final int BOTTOM = 40;
    private static final int TOP = 20;
    private static final int RIGHT = 190;
    private static final int TICKS = 5;
    private static final int SMOOTHED = 60;
    private static final String[] COLOURS = {
        "#1f4e79", "#c0504d", "#4f8f3f", "#8064a2", "#d98a1f", "#2a9d9d", "#7f7f7f", "#b0307a", "#5a5a2a"
    };

    private Chart() {}

    private record Point(double step, double value) {}

    static String of(Map<String, List<List<JsonNode>>> results, String metric) {
        List<List<Point>> curves = new ArrayList<>();
        results.values().forEach(runs -> curves.add(curve(runs, metric)));
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double last = 1;
        for (List<Point> curve : curves) {
            for (Point point : curve) {
                low = Math.min(low, point.value);
                high = Math.max(high, point.value);
                last = Math.max(last, point.step);
            }
        }
        double bottom = low;
        double scale = (HEIGHT - TOP - BOTTOM) / Math.max(1e-9, high - low);
        double across = (WIDTH - LEFT - RIGHT) / last;
        StringBuilder svg = new StringBuilder(String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                        + "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n",
                WIDTH, HEIGHT, WIDTH, HEIGHT));
        for (int tick = 0; tick <= TICKS; tick++) {
            double value = low + (high - low) * tick / TICKS;
            double y = HEIGHT - BOTTOM - (value - bottom) * scale;
            svg.append(format(
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>%n",
                    LEFT, WIDTH - RIGHT, y, y));
            svg.append(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>%n", LEFT - 6, y + 4, value));
            double step = last * tick / TICKS;
            svg.append(format(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>%n",
                    LEFT + step * across, HEIGHT - BOTTOM + 18, step));
        }
        svg.append(format(
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step</text>%n",
                (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6));
        svg.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n", LEFT, TOP - 6, metric));
        int index = 0;
        for (String variant : results.keySet()) {
            String colour = COLOURS[index % COLOURS.length];
            StringBuilder path = new StringBuilder();
            for (Point point : curves.get(index)) {
                path.append(format(
                        "%.1f,%.1f ", LEFT + point.step * across, HEIGHT - BOTTOM - (point.value - bottom) * scale));
            }
            svg.append(format(
                    "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"/>%n",
                    path.toString().strip(), colour));
            int y = TOP + 14 + 18 * index;
            svg.append(format(
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\"/>%n",
                    WIDTH - RIGHT + 12, WIDTH - RIGHT + 32, y - 4, y - 4, colour));
            svg.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n", WIDTH - RIGHT + 38, y, variant));
            index++;
        }
        return svg.append("</svg>\n").toString();
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** The mean over seeds, and of what is measured often over neighbouring steps too. */
    private static List<Point> curve(List<List<JsonNode>> runs, String metric) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < runs.getFirst().size(); i++) {
            int at = i;
            double step = runs.getFirst().get(i).path("step").asDouble();
            runs.stream()
                    .filter(run -> run.size() > at && run.get(at).has(metric))
                    .mapToDouble(run -> run.get(at).get(metric).asDouble())
                    .average()
                    .ifPresent(value -> points.add(new Point(step, value)));
        }
        int window = Math.max(1, points.size() / SMOOTHED);
        List<Point> smooth = new ArrayList<>();
        for (int from = 0; from < points.size(); from += window) {
            List<Point> some = points.subList(from, Math.min(points.size(), from + window));
            smooth.add(new Point(
                    some.getLast().step,
                    some.stream().mapToDouble(Point::value).average().orElseThrow()));
        }
        return smooth;
    }
}
