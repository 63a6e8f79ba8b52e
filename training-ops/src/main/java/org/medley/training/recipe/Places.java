package org.medley.training.recipe;

import java.util.HashMap;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** On which line of a YAML text each key stands, by paths such as {@code data[1].weight}. */
final class Places {
    private final Map<String, Integer> lines = new HashMap<>();

    private Places() {}

    /** @param yaml null if the recipe was not written down; text that is no YAML has no places */
    static Places of(String yaml) {
        Places places = new Places();
        if (yaml != null) {
            try {
                places.walk("", new Yaml(new LoaderOptions()).compose(new java.io.StringReader(yaml)));
            } catch (YAMLException e) {
                places.lines.clear(); // the parser that reads the recipe tells what is wrong with it
            }
        }
        return places;
    }

    private void walk(String path, Node node) {
        if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode key) {
                    String inner = path.isEmpty() ? key.getValue() : path + "." + key.getValue();
                    lines.put(inner, key.getStartMark().getLine() + 1);
                    walk(inner, entry.getValueNode());
                }
            }
        } else if (node instanceof SequenceNode sequence) {
            for (int i = 0; i < sequence.getValue().size(); i++) {
                Node item = sequence.getValue().get(i);
                lines.put(path + "[" + i + "]", item.getStartMark().getLine() + 1);
                walk(path + "[" + i + "]", item);
            }
        }
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
