package org.medley.training.recipe;

import java.io.StringReader;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** On which line of a YAML text each key stands, by paths such as {@code data[1].weight}. */
final class Places {
    private final Map<String, Integer> lines = new HashMap<>();
    private final Map<Integer, String> problems = new TreeMap<>();

    private Places() {}

    /** Text that is no YAML has no places. */
    static Places of(String yaml) {
        try {
            return read(yaml);
        } catch (YAMLException e) {
            return new Places();
        }
    }

    /** @throws YAMLException if the text is no YAML */
    static Places read(String yaml) {
        Places places = new Places();
        Yaml reader = new Yaml(new LoaderOptions());
        for (Event event : reader.parse(new StringReader(yaml))) {
            if (event instanceof AliasEvent alias) {
                places.problem(
                        alias.getStartMark().getLine() + 1,
                        "refers to '" + alias.getAnchor() + "' by *, which is not followed; write the value again");
            }
        }
        if (places.problems.isEmpty()) {
            places.walk("", reader.compose(new StringReader(yaml)));
        }
        return places;
    }

    private void walk(String path, Node node) {
        if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode key) {
                    String inner = path.isEmpty() ? key.getValue() : path + "." + key.getValue();
                    int line = key.getStartMark().getLine() + 1;
                    Integer first = lines.put(inner, line);
                    if (first != null) {
                        problem(line, inner + " was set in line " + first + " already; remove one of them");
                    }
                    walk(inner, entry.getValueNode());
                }
            }
        } else if (node instanceof SequenceNode sequence) {
            for (int i = 0; i < sequence.getValue().size(); i++) {
                Node item = sequence.getValue().get(i);
                lines.put(path + "[" + i + "]", item.getStartMark().getLine() + 1);
                walk(path + "[" + i + "]", item);
            }
        } else if (node instanceof ScalarNode value
                && value.getTag().equals(Tag.FLOAT)
                && value.getValue().matches("(?i)[-+]?\\.(nan|inf)")) {
            problem(value.getStartMark().getLine() + 1, path + " is " + value.getValue() + "; a number is needed");
        }
    }

    private void problem(int line, String what) {
        problems.putIfAbsent(line, what);
    }

    /** What YAML allows and recipes do not, by line. */
    Map<Integer, String> problems() {
        return problems;
    }

    /** Whether the key itself is written. */
    boolean has(String path) {
        return lines.containsKey(path);
    }

    /** The line of a key, or of what it belongs in if it is not written; 0 if nothing is known. */
    int line(String path) {
        for (String at = path; !at.isEmpty(); at = parent(at)) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
        }
        return lines.isEmpty() ? 0 : 1;
    }

    private static String parent(String path) {
        int end = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
        return end < 0 ? "" : path.substring(0, end);
    }
}
